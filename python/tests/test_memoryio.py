"""CPython's own tests of io.BytesIO, with quire.BytesIO in its place."""

import io
import sys
import unittest

import quire

if sys.version_info >= (3, 14):
    from test.test_io import test_memoryio as cpython
else:
    from test import test_memoryio as cpython


class PyBytesIOTest(cpython.PyBytesIOTest):
    ioclass = quire.BytesIO
    UnsupportedOperation = io.UnsupportedOperation


class CBytesIOTest(cpython.CBytesIOTest):
    ioclass = quire.BytesIO
    UnsupportedOperation = io.UnsupportedOperation


def test_no_test_is_lost():
    """What CPython 3.9 has, later versions have too: the suite cannot shrink unnoticed."""
    loader = unittest.TestLoader()
    assert len(loader.getTestCaseNames(PyBytesIOTest)) >= 31
    assert len(loader.getTestCaseNames(CBytesIOTest)) >= 38
