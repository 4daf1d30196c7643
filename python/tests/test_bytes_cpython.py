"""CPython's own tests of bytes, with quire.Bytes in its place."""

import unittest

import quire
from test import test_bytes

from differences import expect_listed
from suites import check_suite


@expect_listed("test_bytes", "BaseBytesTest")
class BytesTest(test_bytes.BaseBytesTest, unittest.TestCase):
    type2test = quire.Bytes


@expect_listed("test_bytes", "FixedStringTest")
class BytesAsStringTest(test_bytes.FixedStringTest, unittest.TestCase):
    type2test = quire.Bytes


class Subclass(quire.Bytes):
    pass


@expect_listed("test_bytes", "SubclassTest")
class BytesSubclassTest(test_bytes.SubclassTest, unittest.TestCase):
    basetype = quire.Bytes
    type2test = Subclass


class Whole(unittest.TestCase):
    def test_none_is_missing_or_skipped(self):
        # They want 8 GiB, or 32 bits.
        large = "test_constructor_overflow", "test_replace_overflow"
        check_suite(self, BytesTest, {(3, 9): 70}, large)
        check_suite(self, BytesAsStringTest, {(3, 9): 35, (3, 10): 37, (3, 12): 40, (3, 13): 42}, large)
        check_suite(self, BytesSubclassTest, {(3, 9): 5})


if __name__ == "__main__":
    unittest.main()
