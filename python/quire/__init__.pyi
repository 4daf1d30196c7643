from quire._quire import TRACEMALLOC_DOMAIN as TRACEMALLOC_DOMAIN
from quire._quire import Bytes as Bytes
from quire._quire import BytesIO as BytesIO
from quire._quire import ByteView as ByteView
from quire._quire import SpooledIO as SpooledIO
from quire._quire import StringIO as StringIO
from quire._track import profile as profile
from quire._track import track as track

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
