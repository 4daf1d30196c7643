"""CPython's own tests of io.BytesIO, with quire.BytesIO in its place."""

import io
import sys
import unittest

import quire

from suites import check_suite

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


class Whole(unittest.TestCase):
    def test_none_is_missing_or_skipped(self):
        check_suite(self, PyBytesIOTest, {(3, 9): 31, (3, 11, 7): 32, (3, 13): 33})
        check_suite(self, CBytesIOTest, {(3, 9): 38, (3, 11, 7): 39, (3, 13): 40})


if __name__ == "__main__":
    unittest.main()
