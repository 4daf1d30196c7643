"""CPython's own tests of bytes, with quire.Bytes in its place."""

import unittest

import quire
from test import test_bytes

from differences import expect_listed


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


if __name__ == "__main__":
    unittest.main()
