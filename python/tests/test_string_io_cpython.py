"""CPython's own tests of io.StringIO, with quire.StringIO in its place."""

import io
import pickle
import unittest

import quire
from test import test_memoryio

from differences import expect_listed


@expect_listed("test_memoryio", "PyStringIOTest")
class PyStringIOTest(test_memoryio.PyStringIOTest):
    ioclass = quire.StringIO
    UnsupportedOperation = io.UnsupportedOperation


@expect_listed("test_memoryio", "CStringIOTest")
class CStringIOTest(test_memoryio.CStringIOTest):
    ioclass = quire.StringIO
    UnsupportedOperation = io.UnsupportedOperation


@expect_listed("test_memoryio", "PyStringIOPickleTest")
class StringIOPickleTest(test_memoryio.PyStringIOPickleTest):
    UnsupportedOperation = io.UnsupportedOperation

    class ioclass(quire.StringIO):
        def __new__(cls, *args, **kwargs):
            return pickle.loads(pickle.dumps(quire.StringIO(*args, **kwargs)))

        def __init__(self, *args, **kwargs):
            pass


if __name__ == "__main__":
    unittest.main()
