"""BytesIO, bytes and memoryview that never copy what they can share."""

from quire._quire import Bytes, BytesIO, ByteView, SpooledIO, StringIO

__all__ = ["Bytes", "BytesIO", "ByteView", "SpooledIO", "StringIO"]
