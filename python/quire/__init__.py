"""BytesIO, bytes and memoryview that never copy what they can share.

BytesIO     takes the place of io.BytesIO; snapshot(), reader() and clone() share its memory
Bytes       immutable bytes, whose slices share memory
ByteView    the same for memory that may change: a memoryview that can be searched and split
SpooledIO   takes the place of tempfile.SpooledTemporaryFile
StringIO    takes the place of io.StringIO
track       a context manager: what a block copied, shared and allocated
profile     a decorator: the memory of the process after each line of a function

Sizes and positions are bytes; of text they are characters. tracemalloc sees memory that is not Python's
own in the domain TRACEMALLOC_DOMAIN.
"""

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
