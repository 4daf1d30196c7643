"""CPython's own tests of struct, with quire's types in the place of bytes and bytearray.

There is no quire.Struct to put in place of struct.Struct; what struct's functions take and fill is quire's.
"""

import struct
import types
import unittest
from unittest import mock

import quire
from test import test_struct

from differences import expect_listed
from suites import check_suite


def ours(data):
    """The same bytes as quire's."""
    if type(data) is bytes:
        return quire.Bytes(data)
    if type(data) is bytearray:
        return quire.ByteView(data)
    return data


def unpack(format, data, /):
    return struct.unpack(format, ours(data))


def unpack_from(format, /, buffer, offset=0):
    return struct.unpack_from(format, ours(buffer), offset)


def iter_unpack(format, data, /):
    return struct.iter_unpack(format, ours(data))


def pack_into(format, buffer, offset, /, *values):
    return struct.pack_into(format, ours(buffer), offset, *values)


class Substituted(unittest.TestCase):
    def setUp(self):
        super().setUp()
        functions = {f.__name__: f for f in (unpack, unpack_from, iter_unpack, pack_into)}
        module = types.SimpleNamespace(**{**vars(struct), **functions})
        patch = mock.patch.object(test_struct, "struct", module)
        patch.start()
        self.addCleanup(patch.stop)


@expect_listed("test_struct", "StructTest")
class StructTest(Substituted, test_struct.StructTest):
    pass


@expect_listed("test_struct", "UnpackIteratorTest")
class UnpackIteratorTest(Substituted, test_struct.UnpackIteratorTest):
    pass


class Whole(unittest.TestCase):
    def test_none_is_missing_or_skipped(self):
        check_suite(self, StructTest, {(3, 9): 26, (3, 10): 28, (3, 11): 30, (3, 12): 31, (3, 13): 32})
        check_suite(self, UnpackIteratorTest, {(3, 9): 7})


if __name__ == "__main__":
    unittest.main()
