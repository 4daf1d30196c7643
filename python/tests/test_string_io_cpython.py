"""CPython's own tests of io.StringIO, with quire.StringIO in its place."""

import io
import pickle
import unittest

import quire
from test import test_memoryio

from differences import expect_listed
from suites import check_suite


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


class Whole(unittest.TestCase):
    def test_none_is_missing_or_skipped(self):
        check_suite(self, PyStringIOTest, {(3, 9): 36})
        check_suite(self, CStringIOTest, {(3, 9): 39})
        check_suite(self, StringIOPickleTest, {(3, 9): 11})


if __name__ == "__main__":
    unittest.main()
