"""BytesIO, bytes and memoryview that never copy what they can share."""

from quire._quire import TRACEMALLOC_DOMAIN, Bytes, BytesIO, ByteView, SpooledIO, StringIO
from quire._track import profile, track

__all__ = [
    "TRACEMALLOC_DOMAIN",
    "ByteView",
    "Bytes",
    "BytesIO",
    "SpooledIO",
    "StringIO",
    "profile",
    "track",
]
