"""The golden probe: each call in each state, answered by io.BytesIO and by quire.BytesIO.

Both run on the same interpreter. Values, types, exceptions, messages, warnings and what the stream
is afterwards must be equal. Deliberate differences are the rows of docs/python-differences.md under
"The Python module: calls"; there a pattern's `*` stands for anything.
"""

import array
import copy
import ctypes
import fnmatch
import functools
import gc
import inspect
import io
import itertools
import mmap
import pickle
import re
import sys
import types
import warnings
import weakref
from pathlib import Path

import pytest
import quire

# io.BytesIO complains when it is collected in one cycle with its views.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PAGE = Path(__file__).parents[2] / "docs" / "python-differences.md"

STATES = {
    "empty": "b = BytesIO()",
    "fresh": "b = BytesIO(b'first\\nsecond\\r\\nthird')",
    "written": "b = BytesIO(); b.write(b'first\\nsec'); b.write(b'ond\\r\\nthird'); b.seek(0)",
    "middle": "b = BytesIO(b'first\\nsecond\\r\\nthird'); b.seek(4)",
    "end": "b = BytesIO(); b.write(b'first\\nsecond\\r\\nthird')",
    "past": "b = BytesIO(b'first\\nsecond\\r\\nthird'); b.seek(30)",
    "shared": "b = BytesIO(); b.write(b'first\\nsecond'); kept = b.getvalue(); b.seek(2)",
    "cut": "b = BytesIO(); b.write(b'0123456789' * 9); b.truncate(7); b.seek(9)",
    "one": "b = BytesIO(b'x')",
    "viewed": "b = BytesIO(b'first\\nsecond\\r\\nthird'); v = b.getbuffer(); b.seek(3)",
    "released": "b = BytesIO(b'first\\nsecond\\r\\nthird'); v = b.getbuffer(); v.release()",
    "closed": "b = BytesIO(b'first\\nsecond\\r\\nthird'); b.close()",
}


class Index:
    """What is no int and can stand for one."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class Truncated:
    """What can be made an int, and cannot stand for one."""

    def __int__(self):
        return 3


class IntSubclass(int):
    pass


class BytesSubclass(bytes):
    pass


class Mutable(bytearray):
    pass


def raising(*items):
    """Gives the items and then fails."""
    yield from items
    raise LookupError("no more items")


def released_view():
    view = memoryview(b"released")
    view.release()
    return view


def anonymous_map(data):
    mapping = mmap.mmap(-1, len(data))
    mapping[:] = data
    return mapping


def read_only(data):
    return memoryview(bytearray(data)).toreadonly()


def with_subclass(BytesIO, **overrides):
    """A subclass with some methods of its own."""
    return type("Subclass", (BytesIO,), overrides)


def raise_(error):
    raise error


NAMES = {
    name: value for name, value in globals().items()
    if isinstance(value, (type, types.FunctionType, types.ModuleType))
}
NAMES.update(SSIZE_MAX=sys.maxsize, array=array.array, range=range)


SIZES = [
    "", "None", "0", "1", "2", "5", "6", "7", "100", "-1", "-2", "-100", "True", "False",
    "SSIZE_MAX", "-SSIZE_MAX - 1", "SSIZE_MAX + 1", "2 ** 31", "2 ** 32 + 1", "2 ** 70",
    "-2 ** 70", "1.0", "0.5", "float('nan')", "1j", "'1'", "b'1'", "''", "[]", "()", "{}",
    "object()", "Index(3)", "Index(-1)", "Index('x')", "Index(2 ** 70)", "Index(ValueError('no'))",
    "Truncated()", "IntSubclass(3)", "Ellipsis", "NotImplemented", "int", "b", "1, 2", "None, None",
    "1, 2, 3", "*[]", "size=1", "size=None", "n=1", "1, size=1", "**{}",
]

SEEKS = [
    f"{position}, {whence}"
    for position in ("0", "1", "4", "-1", "-4", "1000", "-1000", "True", "None", "1.0", "'1'",
                     "Index(4)", "Truncated()", "SSIZE_MAX", "SSIZE_MAX - 1", "-SSIZE_MAX - 1",
                     "SSIZE_MAX + 1", "2 ** 70", "-2 ** 70")
    for whence in ("0", "1", "2")
] + [
    f"{position}, {whence}"
    for position in ("0", "5", "-5")
    for whence in ("3", "-1", "4", "True", "None", "1.0", "'0'", "Index(2)", "2 ** 31", "2 ** 40",
                   "-2 ** 40", "2 ** 70", "io.SEEK_END", "object()")
] + ["0, 0, 0", "pos=0", "0, whence=0", "offset=0, whence=1", "0, 2, whence=2"]

BUFFERS = [
    "", "b''", "b'x'", "b'abc'", "b'0123456789' * 5", "bytearray()", "bytearray(b'abc')",
    "memoryview(b'abc')", "memoryview(b'abc')[1:]", "memoryview(b'')", "memoryview(b'abcdef')[::2]",
    "memoryview(b'abcdef')[::-1]", "memoryview(b'abcdef')[::-1][:1]", "memoryview(b'abcd').cast('H')",
    "memoryview(b'abcdef').cast('B', [2, 3])", "memoryview(bytearray(b'abcdef')).cast('B', [2, 3])",
    "memoryview(b'abcdef').cast('c')", "memoryview(bytearray(b'abcdef'))[::2]",
    "memoryview(bytearray(b'abcdef'))", "memoryview(bytearray(b'abcdef'))[1:4]", "released_view()",
    "read_only(b'abc')", "array('i', [1, 2])", "array('d', [])", "array('b', b'abc')",
    "array('u', 'ab')", "anonymous_map(b'mapped')", "ctypes.create_string_buffer(b'abc')",
    "(ctypes.c_int * 3)(1, 2, 3)", "pickle.PickleBuffer(b'abc')",
    "pickle.PickleBuffer(bytearray(b'abc'))", "BytesSubclass(b'abc')", "Mutable(b'abc')",
    "Mutable(b'abcdefghijklmnopqrstuvwxyz')", "'abc'", "''", "None", "0", "5", "-1", "True", "1.5",
    "[]", "[1, 2]", "[b'ab']", "(b'ab', b'c')", "{}", "{b'a': 1}", "set()", "range(3)", "object()",
    "int", "bytes", "b", "BytesIO(b'other')", "io.BytesIO", "io.StringIO('text')", "Index(3)",
    "raising(b'ab')", "raising()", "iter([b'ab', b'c'])", "iter([b'ab', 'c', b'd'])",
    "iter([b'ab', 5])", "iter([bytearray(b'ab'), memoryview(b'cd')[::2]])", "b.getbuffer()",
    "b.getbuffer()[2:]", "b.getbuffer()[2:6]", "b.getbuffer()[::2]", "b.getvalue()",
    "memoryview(b.getvalue())", "b'a', b'b'", "b=b'abc'", "buffer=bytearray(3)", "lines=[b'a']",
    "*[b'abc']", "**{}",
]

CONSTRUCTORS = [
    f"BytesIO({arguments})" for arguments in BUFFERS if "b.get" not in arguments and arguments != "b"
] + [f"BytesIO({arguments})" for arguments in (
    "initial_bytes=b'abc'", "initial_bytes=None", "initial_bytes='text'", "foo=1",
    "b'abc', foo=1", "b'abc', initial_bytes=b'x'", "None, None", "b'a', b'b', b'c'",
    "initial_bytes=bytearray(b'abc')", "**{'initial_bytes': b'abc'}", "*(), **{}", "*[None]")]

STATE_TUPLES = [
    "(b'abc', 1, None)", "(b'abc', 0, {})", "(b'abc', 100, {'x': 1})", "(bytearray(b'abc'), 1, None)",
    "(memoryview(b'abc'), 1, None)", "(b'', 0, None)", "(b'abc', -1, None)", "(b'abc', 1.5, None)",
    "(b'abc', None, None)", "(b'abc', '1', None)", "(b'abc', True, None)", "(b'abc', Index(1), None)",
    "(b'abc', 2 ** 70, None)", "(b'abc', SSIZE_MAX, None)", "('abc', 1, None)", "(None, 0, None)",
    "(5, 0, None)", "([1], 0, None)", "(b'abc', 1, 5)", "(b'abc', 1, [])", "(b'abc', 1, {1: 2})",
    "(b'abc', 1)", "()", "(b'abc',)", "(b'abc', 1, None, 4)", "[b'abc', 1, None]", "None", "5",
    "b'abc'", "{}", "", "(b'a', 1, None), 2", "state=(b'abc', 1, None)", "b.__getstate__()",
    "(memoryview(b'abcdef')[::2], 0, None)", "(b.getbuffer(), 0, None)", "(b.getvalue(), 2, {})",
]

NO_ARGUMENTS = [
    "getvalue", "getbuffer", "tell", "close", "flush", "isatty", "readable", "writable", "seekable",
    "fileno", "detach", "__enter__", "__iter__", "__next__", "__getstate__", "__reduce__", "__copy__",
    "__sizeof__", "__del__", "_checkClosed", "_checkReadable",
    "_checkWritable", "_checkSeekable",
]

EXPRESSIONS = [
    # Attributes and the object itself.
    "b.closed", "b.name", "b.mode", "b.raw", "b.peek", "b.encoding", "b.__dict__", "vars(b)",
    "setattr(b, 'closed', True)", "delattr(b, 'closed')", "setattr(b, 'note', 5)",
    "(setattr(b, 'note', 5), b.__dict__)", "delattr(b, 'note')", "setattr(b, '__dict__', {'x': 1})",
    "(setattr(b, '__dict__', {'x': 1}), b.x)", "setattr(b, '__dict__', 5)", "setattr(b, 'read', 5)",
    "delattr(b, 'read')", "delattr(b, '__dict__')", "(setattr(b, 'read', len), b.read(b'abc'))",
    "b == b", "b == BytesIO()", "b != BytesIO(b'first')", "b < b", "hash(b) == hash(b)",
    "len(b)", "bool(b)", "b[0]", "b[0:1]", "b + b", "b * 2", "b'x' in b", "b'fir' in b", "'x' in b",
    "5 in b", "b()", "+b", "int(b)", "bytes(b)", "bytearray(b)", "memoryview(b)", "list(b)",
    "tuple(b)", "next(b)", "next(iter(b))", "iter(b) is b", "list(reversed(b))", "sorted(b)",
    "list(itertools.islice(b, 2))", "list(zip(b, range(2)))", "b''.join(b)", "max(b, default=0)",
    "re.sub(' at 0x[0-9a-f]+', '', repr(b))", "str(b) == repr(b)", "format(b, '5')", "format(b) == str(b)",
    "isinstance(b, io.IOBase)", "isinstance(b, io.RawIOBase)", "isinstance(b, io.BufferedIOBase)",
    "isinstance(b, io.TextIOBase)", "callable(b)", "weakref.ref(b)() is b",
    "weakref.proxy(b).closed", "gc.is_tracked(b)", "type(b.__doc__)",
    "b.__class__ is BytesIO", "setattr(b, '__class__', int)", "type(b).__name__",
    "type(b).__qualname__", "sys.getrefcount(b)", "dir(b) == dir(b)", "b.__eq__(5)", "b.__lt__(b)",
    # The class.
    "[c.__name__ for c in BytesIO.__mro__[1:]]", "BytesIO.__bases__[0].__name__", "BytesIO.__flags__ & 1 << 10",
    "issubclass(BytesIO, io.BufferedIOBase)", "BytesIO.read(5)", "BytesIO.read()", "BytesIO.read",
    "BytesIO.write(b'abc')", "BytesIO.write(5, b'abc')", "BytesIO.getvalue(None)", "BytesIO.closed",
    "BytesIO.__next__(5)", "BytesIO.__init__()", "BytesIO.__init__(5)", "BytesIO.__init__(b)",
    "BytesIO.__init__(b, b'again')", "BytesIO.__init__(b, 5)", "BytesIO.__init__(b, None)",
    "BytesIO.__init__(b, 'text')", "BytesIO.__init__(b, b'a', b'b')", "BytesIO.__init__(b, foo=1)",
    "BytesIO.__init__(b, initial_bytes=b'zz')", "BytesIO.__init__(b, b.getvalue())",
    "BytesIO.__init__(b, memoryview(b'abcdef')[::2])", "BytesIO.__init__(b, released_view())",
    "b.__init__()", "b.__init__(b'once more')", "(b.__init__(b'zz'), b.read())",
    "BytesIO.__new__(BytesIO).getvalue()", "BytesIO.__new__(BytesIO, 1, 2, x=3).getvalue()",
    "BytesIO.__new__(BytesIO).tell()", "BytesIO.__new__(BytesIO).closed", "BytesIO.__new__(int)",
    "BytesIO.__new__()", "object.__new__(BytesIO)", "delattr(BytesIO, 'note')",
    "setattr(BytesIO, 'read', BytesIO.read)", "BytesIO.__dictoffset__ > 0",
    "BytesIO.__weakrefoffset__ > 0", "BytesIO.__itemsize__", "bool(BytesIO.__flags__ & 1 << 14)",
    "BytesIO[int]", "BytesIO | int", "copy.copy(BytesIO) is BytesIO",
    "pickle.loads(pickle.dumps(BytesIO)) is BytesIO",
    # Pickling and copying.
    *(f"pickle.loads(pickle.dumps(b, {protocol}))" for protocol in range(-1, 6)),
    "pickle.dumps(b, 6)", "copy.copy(b)", "copy.deepcopy(b)", "copy.copy(b) is b",
    "(setattr(b, 'note', [1]), copy.copy(b).note is b.note)",
    "(setattr(b, 'note', [1]), copy.deepcopy(b).note is b.note)",
    "(setattr(b, 'note', 5), b.__getstate__())", "(setattr(b, 'note', 5), pickle.loads(pickle.dumps(b)).note)",
    "b.__reduce_ex__(2)[1:]", "b.__reduce_ex__(1)", "b.__reduce_ex__(0)", "b.__reduce_ex__('x')",
    "(b.__setstate__((b'abc', 1, {'note': 1})), b.__dict__, b.read())",
    "(setattr(b, 'a', 1), b.__setstate__((b'abc', 1, {'b': 2})), b.__dict__)",
    # Context managers.
    "b.__exit__()", "b.__exit__(None, None, None)", "b.__exit__(1)", "b.__enter__() is b",
    "b.__exit__(ValueError, ValueError('x'), None)", "(b.close(), b.close(), b.closed)",
    # Sharing and identity.
    "b.getvalue() is b.getvalue()", "type(b.getvalue())", "type(b.read())", "type(b.getbuffer())",
    "(b.seek(0), b.read() is b.getvalue())[1] or True",
    "type(BytesIO(BytesSubclass(b'abc')).getvalue())", "type(BytesIO(BytesSubclass(b'abc')).read())",
    "[BytesIO(x).getvalue() is x for x in (b'abcd',)]",
    "b.getvalue() is not BytesIO(b.getvalue()).getvalue() or True",
    # Views.
    "b.getbuffer().obj is b", "b.getbuffer().readonly", "b.getbuffer().format", "b.getbuffer().shape",
    "b.getbuffer().strides", "b.getbuffer().itemsize", "b.getbuffer().ndim", "b.getbuffer().nbytes",
    "b.getbuffer().contiguous", "b.getbuffer().suboffsets", "b.getbuffer().tobytes()",
    "b.getbuffer().cast('b').tolist()", "b.getbuffer()[0]", "b.getbuffer()[-1]", "b.getbuffer()[100]",
    "b.getbuffer()[1:3].tobytes()", "hash(b.getbuffer())", "b.getbuffer() == b.getvalue()",
    "b.getbuffer()[1:] == b.getvalue()[1:]", "type(b.getbuffer().obj).__name__",
    "b.getbuffer().__setitem__(0, 65)", "b.getbuffer().__setitem__(slice(0, 2), b'AB')",
    "b.getbuffer().__setitem__(slice(0, 2), b'ABC')", "b.getbuffer().__delitem__(0)",
    "b.getbuffer().release()", "pickle.dumps(b.getbuffer())", "bytes(b.getbuffer().obj)",
    "memoryview(b.getbuffer()).nbytes", "io.BytesIO(b.getbuffer()).getvalue()",
    "type(b.getbuffer().obj)()", "b.getbuffer(1)", "b.getbuffer(None)",
    # Calls that follow each other.
    "(b.write(b'XY'), b.getvalue(), b.tell())", "(b.write(b''), b.getvalue(), b.tell())",
    "(b.truncate(), b.write(b'Z'), b.getvalue())", "(b.truncate(0), b.write(b'Z'), b.getvalue())",
    "(b.truncate(3), b.seek(6), b.write(b'X'), b.getvalue())",
    "(b.truncate(100), b.getvalue(), b.tell())", "(b.seek(3), b.truncate(), b.seek(0), b.read())",
    "(b.seek(50), b.read(), b.readline(), b.readlines(), b.tell())",
    "(b.seek(50), b.write(b''), b.getvalue())", "(b.seek(50), b.write(b'x'), b.getvalue())",
    "(b.seek(50), b.truncate(), b.getvalue())", "(b.seek(50), b.readinto(bytearray(3)))",
    "(b.seek(SSIZE_MAX), b.write(b'x'))", "(b.seek(SSIZE_MAX), b.write(b''))",
    "(b.seek(SSIZE_MAX - 1), b.write(b'x'))", "(b.seek(SSIZE_MAX - 2), b.write(b'xyz'))",
    "(b.seek(SSIZE_MAX), b.seek(1, 1))", "(b.seek(SSIZE_MAX), b.seek(0, 1))",
    "(b.seek(SSIZE_MAX), b.read())", "(b.seek(SSIZE_MAX), b.readline())",
    "(b.seek(SSIZE_MAX), b.readinto(bytearray(2)))", "(b.seek(SSIZE_MAX), b.truncate())",
    "(b.writelines(iter([b'a', b'b'])), b.getvalue())", "(b.writelines(b), b.getvalue()[:99])[1]",
    "(b.writelines(itertools.islice(b, 2)), b.getvalue())",
    "(b.seek(0), b.writelines(b'a' for _ in range(3)), b.getvalue(), b.tell())",
    "(b.read(2), b.readline(), b.read1(3), b.tell(), b.readlines())",
    "(b.getvalue(), b.write(b'!'), b.getvalue())", "(b.seek(-2, 2), b.read())",
    "(b.seek(-2, 1), b.read(1), b.seek(1, 1), b.read())", "(b.seek(0), b.write(b.getvalue()), b.getvalue())",
    "(b.write(b.getvalue()), b.getvalue())", "(b.write(memoryview(b.getvalue())), b.getvalue())",
    "(b.seek(0), list(iter(lambda: b.read(4), b'')))", "(b.seek(0), list(iter(b.readline, b'')))",
    "(b.__init__(), b.getvalue(), b.tell())", "(b.close(), b.__init__(b'reopened'), b.read())",
    "(b.close(), b.__init__(), b.closed)", "io.TextIOWrapper(b).read()",
    "io.BufferedReader(b).read(3)", "io.BufferedReader(b).readline()",
    "io.TextIOWrapper(b, newline='').readlines()",
    "io.BufferedRandom(b).seek(0, 2)", "io.BufferedRWPair(b, b).read(2)",
]

PROGRAMS = [
    """
with b as entered:
    result = entered is b, b.read()
""", """
try:
    with b:
        raise KeyError("inside")
except KeyError as error:
    result = repr(error)
""", """
target = bytearray(b"----------")
result = b.readinto(memoryview(target)[2:5]), target
""", """
target = array("i", [0, 0, 0])
result = b.readinto(target), target.tolist()
""", """
target = bytearray(4)
result = [b.readinto(target) for _ in range(7)], target
""", """
target = bytearray(4)
result = [b.readinto1(target) for _ in range(7)], target
""", """
class Subclass(BytesIO):
    def __init__(self, x, y):
        super().__init__(x)
        self.y = y
s = Subclass(b"sub", 3)
result = s.read(), s.y, s.__dict__, pickle.dumps, isinstance(s, BytesIO)
""", """
class Subclass(BytesIO):
    def __init__(self):
        pass
s = Subclass()
result = s.getvalue(), s.write(b"abc"), s.getvalue(), s.closed
""", """
class Subclass(BytesIO):
    __slots__ = ("x",)
s = Subclass(b"slots")
s.x = 5
result = s.x, s.read(), hasattr(s, "__dict__")
""", """
calls = []
class Subclass(BytesIO):
    def write(self, data):
        calls.append("write")
        return super().write(data)
    def read(self, size=-1):
        calls.append("read")
        return super().read(size)
    def read1(self, size=-1):
        calls.append("read1")
        return super().read1(size)
    def readline(self, size=-1):
        calls.append("readline")
        return super().readline(size)
    def seek(self, *a):
        calls.append("seek")
        return super().seek(*a)
    def tell(self):
        calls.append("tell")
        return super().tell()
    def close(self):
        calls.append("close")
        super().close()
    def getvalue(self):
        calls.append("getvalue")
        return super().getvalue()
    def flush(self):
        calls.append("flush")
    def readable(self):
        calls.append("readable")
        return True
s = Subclass(b"one\\ntwo\\nthree")
s.writelines([b"x", b"y"])
next(s)
s.readlines()
s.readinto(bytearray(2))
s.readinto1(bytearray(2))
s.truncate(3)
s.getbuffer()
s.__getstate__()
with s:
    pass
del s
gc.collect()
result = calls
""", """
class Subclass(BytesIO):
    def read1(self, size=-1):
        return "no bytes"
result = Subclass(b"abc").readinto1(bytearray(2))
""", """
class Subclass(BytesIO):
    def read1(self, size=-1):
        return b"much more than was asked for"
result = Subclass(b"abc").readinto1(bytearray(2))
""", """
class Subclass(BytesIO):
    def close(self):
        raise KeyError("close")
with Subclass(b"abc") as s:
    pass
""", """
class Subclass(BytesIO):
    closed = True
s = Subclass(b"abc")
result = s.read(), s.getvalue(), s.closed
""", """
class Other:
    pass
class Subclass(Other, BytesIO):
    pass
result = Subclass(b"abc").read(), [c.__name__ for c in Subclass.__mro__ if c is not BytesIO]
""", """
class Subclass(BytesIO, io.BufferedIOBase):
    pass
result = Subclass(b"abc").read()
""", """
class Subclass(BytesIO, bytes):
    pass
""", """
class Subclass(BytesIO, io.StringIO):
    pass
""", """
v = b.getbuffer()
copy_of = bytes(v)
b.close()
result = v == copy_of, b.closed
""", """
v = b.getbuffer()
results = []
for action in (lambda: b.write(b"x" * 100), lambda: b.truncate(0),
               lambda: b.__setstate__((b"a", 0, None)), lambda: b.seek(0, 2) and b.write(b"z"),
               lambda: b.truncate(100), lambda: b.seek(90) and b.truncate(), lambda: b.read(3),
               lambda: b.seek(0), lambda: b.getvalue(), lambda: b.readline(), lambda: b.tell()):
    try:
        results.append(action())
    except Exception as error:
        results.append((type(error).__name__, str(error)))
v.release()
results.append(b.write(b"!"))
result = results
""", """
v = b.getbuffer()
w = v[1:]
v.release()
try:
    b.truncate(0)
except BufferError as error:
    first = str(error)
w.release()
result = first, b.truncate(0), b.getvalue()
""", """
v = b.getbuffer()
m = memoryview(v)
v.release()
try:
    b.write(b"x" * 99)
except BufferError as error:
    result = str(error)
""", """
v = b.getbuffer()
if len(v): v[0] = 90
b.seek(0)
result = b.read(2), b.getvalue(), bytes(v[:2])
""", """
views = [b.getbuffer() for _ in range(5)]
value = b.getvalue()
if len(value): views[0][0] = 1
result = value == b.getvalue(), bytes(views[4]) == b.getvalue(), [view.nbytes for view in views]
""", """
v = b.getbuffer()
ref = weakref.ref(b)
del b
gc.collect()
result = ref() is None or ref().getvalue() == bytes(v)
b = BytesIO()
""", """
ref = weakref.ref(b)
b.myself = b
del b
gc.collect()
result = ref() is None
b = BytesIO()
""", """
finalised = []
class Subclass(BytesIO):
    def __del__(self):
        finalised.append(self.closed)
        super().__del__()
s = Subclass()
del s
gc.collect()
result = finalised
""", """
value = b.getvalue()
b.seek(0)
b.write(b"W")
result = value, b.getvalue(), b.getvalue() is not value
""", """
data = b"0123456789"
s = BytesIO(data)
s.write(b"abc")
v = s.getbuffer()
v[9] = 33
result = data, s.getvalue()
""", """
data = bytearray(b"0123456789")
s = BytesIO(data)
data[0] = 65
result = s.getvalue(), data.pop()
""", """
def lines():
    for i in range(3):
        yield b"line %d\\n" % i
        b.seek(0)
b.writelines(lines())
result = b.getvalue(), b.tell()
""", """
def lines():
    yield b"one"
    b.close()
    yield b"two"
b.writelines(lines())
""", """
class Exporting(bytes):
    pass
result = b.write(Exporting(b"abc")), b.getvalue()
""", """
i = iter(b)
first = list(itertools.islice(i, 1))
b.seek(0)
result = first, list(i), b.tell()
""", """
result = [b.readline(n) for n in (0, 1, 2, 3, -1, None, 100)], b.tell()
""", """
result = [(b.seek(0), b.readlines(n))[1] for n in (0, 1, 5, 6, 7, 12, 13, 14, 100, -1, None)]
""", """
result = [b.seek(n, w) for w in (0, 1, 2) for n in (0, 3, 9, 50)], b.tell()
""", """
results = []
for size in (0, 1, 2, 3, 5, 8, 13, 2, 100, 0):
    results.append((b.truncate(size), b.getvalue(), b.tell()))
    b.seek(size)
    results.append((b.write(b"ab"), b.getvalue()))
result = results
""", """
b.seek(0, 2)
for i in range(2000):
    b.write(b"%d," % i)
result = len(b.getvalue()), hash(b.getvalue()), b.tell()
""", """
writer = io.BufferedWriter(b)
writer.write(b"abc")
writer.flush()
writer.seek(1)
result = b.tell(), b.getvalue(), writer.detach() is b
""", """
result = [str(inspect.signature(getattr(b, name))) for name in (
    "read", "read1", "readline", "readlines", "readinto", "write", "writelines", "seek", "tell",
    "truncate", "getvalue", "close", "flush", "isatty", "readable", "writable", "seekable")]
""", """
result = [bool(getattr(b, name).__doc__) for name in (
    "read", "read1", "readline", "readlines", "readinto", "readinto1", "write", "writelines",
    "seek", "tell", "truncate", "getvalue", "close", "flush", "isatty", "readable", "writable",
    "seekable", "detach", "fileno", "closed")]
""", """
result = sorted(name for name in dir(io.BytesIO) if not hasattr(BytesIO, name))
""",
]

CALLS = [
    *(f"b.{name}({size})" for name in ("read", "read1", "readline", "readlines", "truncate")
      for size in SIZES),
    *(f"b.seek({size})" for size in SIZES),
    *(f"b.seek({seek})" for seek in SEEKS),
    *(f"b.{name}({buffer})" for name in ("write", "writelines", "readinto", "readinto1")
      for buffer in BUFFERS),
    *(f"b.{name}({arguments})" for name in NO_ARGUMENTS
      for arguments in ("", "1", "None", "x=1", "1, 2")),
    *(f"b.__setstate__({state})" for state in STATE_TUPLES),
    *EXPRESSIONS,
]


def named(text):
    """A text without the module that the class comes from."""
    return re.sub(r"\b(?:_?io|_?quire(?:\._quire)?)\.(?=_?(?:Bytes|Bound|bound))", "", text)


def plain(value, BytesIO):
    """What of a value can be compared."""
    if isinstance(value, memoryview):
        try:
            return "memoryview", value.format, value.readonly, value.shape, value.tobytes()
        except ValueError as error:
            return "memoryview", str(error)
    if isinstance(value, BytesIO):
        return type(value).__name__, state(value), value.__dict__ or None
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [plain(item, BytesIO) for item in value]
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return "named", named(re.sub("0x[0-9a-f]+", "0x", repr(value)))
    if isinstance(value, (int, float, str, bytes, bytearray, dict, type(None), types.GeneratorType)):
        return type(value).__name__, named(repr(value))
    return type(value).__name__, named(re.sub("0x[0-9a-f]+", "0x", repr(value)))


def state(stream):
    try:
        return stream.closed, stream.tell(), stream.getvalue()
    except Exception as error:
        return type(error).__name__, named(str(error))


compiled = functools.lru_cache(maxsize=None)(compile)


def answer(BytesIO, setup, call):
    """What a call gives or raises, and what the stream is then."""
    space = dict(NAMES, BytesIO=BytesIO)
    exec(compiled(setup, "state", "exec"), space)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if call.startswith("\n"):
                exec(compiled(call, "program", "exec"), space)
                value = plain(space.get("result"), BytesIO)
            else:
                value = plain(eval(compiled(call, "call", "eval"), space), BytesIO)
        except Exception as error:
            value = "raises", type(error).__name__, named(str(error))
        caught = [(w.category.__name__, named(str(w.message))) for w in caught]
    return value, state(space["b"]) if "b" in space else None, caught


def short(answered):
    """The answer as the page of differences writes it."""
    value = answered[0]
    return value[1] if value[0] == "raises" else str(value[1])


def rows():
    """The states, calls and answers of the page's table of the Python module."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("## The Python module: calls\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        cells = re.findall(r"`` ?(.+?) ?``|`(.+?)`", line.replace(r"\|", "\0"))
        cells = [(one or two).replace("\0", "|") for one, two in cells[:4]]
        if line.startswith("| `") and len(cells) == 4:
            yield cells


ROWS = list(rows())


def listed(setup, call, theirs, ours):
    values = setup, call.strip().partition("\n")[0], short(theirs), short(ours)
    return any(all(fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))
                   for value, pattern in zip(values, row)) for row in ROWS)


def differences(setups, call):
    """The answers that differ without being listed, as text."""
    for name in setups:
        theirs = answer(io.BytesIO, STATES[name], call)
        ours = answer(quire.BytesIO, STATES[name], call)
        if theirs != ours and not listed(name, call, theirs, ours):
            yield f"{name}: {call}\n    io:    {theirs}\n    quire: {ours}"


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_answered_alike_in_every_state(call):
    assert "\n".join(differences(STATES, call)) == ""


@pytest.mark.parametrize("call", CONSTRUCTORS)
def test_a_constructor_is_answered_alike(call):
    assert "\n".join(differences(["empty"], call)) == ""


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_does_alike_in_every_state(number):
    states = [name for name in STATES if name != "viewed"]  # most programs write, see the page
    assert "\n".join(differences(states, PROGRAMS[number])) == ""


def test_every_listed_difference_is_asked_about():
    calls = [call.strip().partition("\n")[0] for call in (*CALLS, *CONSTRUCTORS, *PROGRAMS)]
    for setup, call, _, _ in ROWS:
        assert fnmatch.filter(STATES, setup), setup
        assert fnmatch.filter(calls, call.replace("[", "[[]")), call


def test_there_are_thousands_of_questions():
    assert len(STATES) * len(CALLS) > 10_000
