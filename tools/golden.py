#!/usr/bin/env python3
"""Asks the running python3 what bytes, bytearray, memoryview, io and struct do, and writes it down.

tests/golden/<type>.txt are replayed against the C++ types by tests/golden_<type>_test.cc. Results
must not depend on the Python version (3.9 and newer agree) nor on the day: no hash, no address, no
message. Usage: tools/golden.py [--check] [DIRECTORY]; --check writes nothing and fails when the
files are not what this python3 answers.

A line is a call, its arguments and its result, separated by spaces; `new` makes the object that the
calls after it are made on:

    seek i0 i3 = !ValueError ~tag
    n t f  None True False      i<digits> int      b<hex> bytes      u<hex> text as UTF-8
    d<hex> float, big endian    [x,y] sequence     !<type> exception

A tag names a rule by which C++ is to differ; the test must know it, and the case ends there.
"""

import io
import itertools
import random
import re
import struct
import sys
import tempfile
from pathlib import Path

MAX = 2**63 - 1
MIN = -(2**63)
# One C++ exception stands for these: see include/quire/error.h.
CANONICAL = {"error": "StructError", "LookupError": "ValueError",
             "NotImplementedError": "UnsupportedOperation"}


def encode(value):
    if value is None:
        return "n"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return f"i{value}"
    if isinstance(value, float):
        return "dnan" if value != value else "d" + struct.pack(">d", value).hex()
    if isinstance(value, str):
        return "u" + value.encode("utf-8", "surrogatepass").hex()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "b" + bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(item) for item in value) + "]"
    raise TypeError(type(value))


def outcome(function, *args):
    """The result of a call as a token, its exception included."""
    try:
        return encode(function(*args))
    except Exception as error:  # any type is an answer, and goes into the file
        name = type(error).__name__
        return "!" + CANONICAL.get(name, name)


class Script:
    """The calls of one file."""

    def __init__(self):
        self.lines = []
        self.dice = random.Random(20240229)

    def add(self, result, method, *args, tag=None):
        words = [method, *(encode(arg) for arg in args), "=", result]
        self.lines.append(" ".join(words + (["~" + tag] if tag else [])))

    def ask(self, function, method, *args):
        """Makes a call on the arguments that are written down."""
        self.add(outcome(function, *args), method, *args)

    def below(self, n):
        return int(self.dice.random() * n)

    def pick(self, items):
        return items[self.below(len(items))]

    def text(self):
        head = "# Made by tools/golden.py under Python {}.{}.{}; do not edit."
        return head.format(*sys.version_info[:3]) + "\n" + "\n".join(self.lines) + "\n"


# --- bytes and bytearray: methods that change nothing ----------------------------------------------

WORDS = [b"", b"a", b"abc", b"aaaa", b"abcabcabc", b"\0", b"a\0b\0", b" \t a b\r\nc \x0b\x0c", b"\xff\xfe",
         b"Hello, World", b"one\r\ntwo\rthree\n\nfour", b"-12", b"+", b"\xc3\xa9\xe2\x82\xac",
         bytes(range(0, 256, 7))]
NEEDLES = [b"", b"a", b"aa", b"abc", b"ca", b"\0", b"b\0", b" ", b"\n", b"\xff", b"zz", b"Hello, World!"]
BOUNDS = [None, 0, 1, 3, -1, -3, 100, -100, MAX, MIN]
COUNTS = [-1, 0, 1, 2, 100, MIN, MAX]
BROKEN_TEXT = [b"\x80", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2(\xac", b"\xed\xa0\x80", b"\xf0\x9f\x98",
               b"\xf0\x9f\x98\x80", b"\xf5\x80\x80\x80", b"\xc0\x80", b"a\xffb\xfec", b"\xf4\x90\x80\x80",
               b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xef\xbb\xbfx", b"x\xe2\x82y\xf0\x9f\x98\x80\x80"]


def questions(script, kind):
    """Every method on every word with its edge arguments."""

    def ask(method, word, *args, call=None):
        call = call or (lambda w, *a: getattr(kind(w), method)(*a))
        result = outcome(call, word, *args)
        tag = "repeat-too-long" if method == "mul" and result == "!MemoryError" else None
        script.add(result, method, word, *args, tag=tag)

    for word in WORDS:
        for method in ("find", "rfind", "index", "rindex", "count", "startswith", "endswith"):
            for needle in NEEDLES:
                ask(method, word, needle)
                ask(method, word, needle, script.pick(BOUNDS), script.pick(BOUNDS))
        for needle in NEEDLES:
            ask("contains", word, needle, call=lambda w, n: n in kind(w))
            for method in ("partition", "rpartition", "removeprefix", "removesuffix", "strip", "lstrip",
                           "rstrip"):
                ask(method, word, needle)
            for method in ("split", "rsplit"):
                ask(method, word, needle, script.pick(COUNTS))
            ask("replace", word, needle, script.pick(NEEDLES), script.pick(COUNTS))
            ask("replace", word, needle, b"--", -1)
            ask("join", word, [needle, b"", script.pick(WORDS)])
            ask("add", word, needle, call=lambda w, n: kind(w) + n)
            for method, compare in (("eq", lambda w, n: kind(w) == n), ("lt", lambda w, n: kind(w) < n),
                                    ("le", lambda w, n: kind(w) <= n)):
                ask(method, word, needle, call=compare)
        ask("startswith2", word, b"abc", b"", call=lambda w, *a: kind(w).startswith(a))
        ask("endswith2", word, b"zz", b"bc", call=lambda w, *a: kind(w).endswith(a))
        for method in ("strip", "lstrip", "rstrip", "upper", "lower", "swapcase", "title", "capitalize",
                       "isalnum", "isalpha", "isascii", "isdigit", "islower", "isspace", "istitle",
                       "isupper", "hex", "expandtabs", "split", "rsplit", "splitlines"):
            ask(method, word)
        for method in ("split", "rsplit"):
            for count in COUNTS:
                ask(method, word, None, count)
        ask("splitlines", word, True)
        ask("join", word, [])
        for width in (-5, 0, 1, 4, 17):
            ask("zfill", word, width)
            ask("expandtabs", word, width)
            for method in ("center", "ljust", "rjust"):
                ask(method, word, width)
                ask(method, word, width, script.pick([b"*", b"\0", b"\xff", b"", b"ab"]))
        for separator in (":", "\0", "", "ab", "\u00e9"):
            ask("hex", word, separator)
            ask("hex", word, separator, script.pick([-3, -1, 0, 1, 2, 5, 1000]))
        for count in (-1, 0, 1, 3):
            ask("mul", word, count, call=lambda w, c: kind(w) * c)
        if len(word) > 1:
            ask("mul", word, MAX, call=lambda w, c: kind(w) * c)
        for index in (0, 1, -1, 3, -4, 100, -100, MAX, MIN):
            ask("getitem", word, index, call=lambda w, i: kind(w)[i])
        for start, stop in itertools.product(BOUNDS, BOUNDS):
            ask("slice", word, start, stop, call=lambda w, a, b: kind(w)[a:b])
        for step in (1, 2, 3, -1, -2, 0, MAX, MIN + 1):
            for _ in range(4):
                ask("slice3", word, script.pick(BOUNDS), script.pick(BOUNDS), step,
                    call=lambda w, a, b, c: kind(w)[a:b:c])
        for removed in (b"", b"a", bytes(range(128))):
            ask("translate", word, bytes(reversed(range(256))), removed)
            ask("translate", word, None, removed)
        ask("translate", word, b"short", b"")
        ask("maketrans", word, bytes(reversed(word)), call=lambda w, r: kind.maketrans(w, r))
        ask("maketrans", word, b"abc", call=lambda w, r: kind.maketrans(w, r))
        ask("repr", word, call=lambda w: repr(kind(w)))
        ask("len", word, call=lambda w: len(kind(w)))
    for digits in ("", "00", "0", "zz", "de ad", "d ead", " 0102\t03\n", "DEADbeef", "0\u00e9", "00\0", "\x0b00"):
        script.ask(lambda d: kind.fromhex(d), "fromhex", digits)
    for word in WORDS + BROKEN_TEXT:
        for encoding in ("utf-8", "UTF8", "ascii", "latin-1", "utf-16-le", "utf-32-be", "no-such"):
            for policy in ("strict", "replace", "ignore", "backslashreplace"):
                # Python looks an encoding up for empty bytes in its development mode only.
                if word or encoding != "no-such":
                    ask("decode", word, encoding, policy)
    ask("decode", b"\xff", "utf-8", "no-such")
    for _ in range(600):
        word = bytes(script.pick(b"ab\0\xff") for _ in range(script.below(12)))
        needle = word[script.below(4):script.below(8)] or b"a"
        method = script.pick(["find", "rfind", "count", "startswith", "endswith", "index", "rindex"])
        ask(method, word, needle, script.pick(BOUNDS), script.pick(BOUNDS))
        ask("replace", word, needle, script.pick(NEEDLES), script.pick(COUNTS))


def make_bytes():
    script = Script()
    questions(script, bytes)
    return script


class Case:
    """Calls on one object; do_x here is x where Python spells it otherwise."""

    def __init__(self, script, *start):
        self.script = script
        self.ended = False
        script.add("n", "new", *start)

    def call(self, method, *args):
        """Makes a call and writes it down, unless the case ended with a difference."""
        if self.ended:
            return
        tag = self.difference(method, *args)
        own = getattr(self, "do_" + method, None)
        result = outcome(own, *args) if own else outcome(self.ask, method, *args)
        self.script.add(result, method, *args, tag=tag)
        self.ended = tag is not None


# --- bytearray: calls that change it ----------------------------------------------------------------


def change(array, method, *args):
    """One mutation; what it returns."""
    if method == "setitem":
        array[args[0]] = args[1]
    elif method == "setslice":
        array[args[0]:args[1]] = args[2]
    elif method == "setslice3":
        array[args[0]:args[1]:args[2]] = args[3]
    elif method == "delitem":
        del array[args[0]]
    elif method == "delslice":
        del array[args[0]:args[1]]
    elif method == "delslice3":
        del array[args[0]:args[1]:args[2]]
    elif method == "iadd":
        array += args[0]
    elif method == "imul":
        array *= args[0]
    else:
        return getattr(array, method)(*args)
    return None


def random_change(script):
    bounds = [None, 0, 1, 2, 5, -1, -2, 100, -100]
    data = [b"", b"x", b"yz", b"0123456789", b"\0\xff"]
    index = script.pick([0, 1, -1, 4, -5, 100, -100, MAX, MIN])
    steps = [1, 2, 3, -1, -2, 0, MAX]
    return script.pick([
        ("append", script.below(256)), ("extend", script.pick(data)), ("insert", index, 65),
        ("pop",), ("pop", index), ("remove", script.pick(b"axyz\0")), ("reverse",), ("clear",),
        ("setitem", index, script.below(256)), ("iadd", script.pick(data)),
        ("setslice", script.pick(bounds), script.pick(bounds), script.pick(data)),
        ("setslice3", script.pick(bounds), script.pick(bounds), script.pick(steps), script.pick(data)),
        ("delitem", index), ("delslice", script.pick(bounds), script.pick(bounds)),
        ("delslice3", script.pick(bounds), script.pick(bounds), script.pick(steps)),
        ("imul", script.pick([-1, 0, 1, 2, 3])),
    ])


def make_bytearray():
    script = Script()
    questions(script, bytearray)
    for count in (0, 1, 5, -1, MIN):
        script.ask(bytearray, "zeros", count)
    for number in range(700):
        start = script.pick([b"", b"a", b"abcdef", b"a\0b\0", bytes(range(20))])
        array = bytearray(start)
        view = None
        script.add("n", "new", start)
        for _ in range(8):
            if len(array) > 500:
                break
            if number % 3 == 0 and script.below(3) == 0:
                if view is None:
                    view = memoryview(array)
                    script.add("n", "export")
                else:
                    view.release()
                    view = None
                    script.add("n", "release")
            call = random_change(script)
            free = bytearray(array)
            would = outcome(change, free, *call)
            result = outcome(change, array, *call)
            if view is not None and result == "!BufferError" and len(free) == len(array):
                script.add(result, *call, tag="no-resize-under-view" if would[0] != "!"
                           else "other-error-under-view")
                break
            script.add(result, *call)
            script.add(encode(array), "value")
        if view is not None:
            view.release()
    return script


# --- BytesIO ----------------------------------------------------------------------------------------


class BytesIOCase(Case):
    """One stream, with at most one view at a time."""

    def __init__(self, script, start):
        super().__init__(script, start)
        self.stream = io.BytesIO(start)
        self.view = None

    def ask(self, method, *args):
        return getattr(self.stream, method)(*args)

    def difference(self, method, *args):
        """The rule by which C++ differs here: under a view it allows what keeps the size."""
        if self.view is None or self.stream.closed:
            return None
        size, position = len(self.view), self.stream.tell()
        if method == "close":
            return "close-under-view"
        if method == "write" and (not args[0] or position + len(args[0]) <= size):
            return "write-in-place-under-view"
        if method == "writelines" and args[0] and not any(args[0]):
            return "write-in-place-under-view"
        if method == "truncate" and (position if args[0] is None else args[0]) >= size:
            return "truncate-nothing-under-view"
        return None

    def do_readinto(self, size):
        target = bytearray(b"." * size)
        return [self.stream.readinto(target), bytes(target)]

    def do_next(self):
        return next(self.stream, None)

    def do_closed(self):
        return self.stream.closed

    def do_getbuffer(self):
        if self.view is None:
            self.view = self.stream.getbuffer()

    def do_view_set(self, index, value):
        self.view[index] = value

    def do_view_bytes(self):
        return bytes(self.view)

    def do_view_release(self):
        self.view.release()
        self.view = None

    def end(self):
        if self.view is not None:
            self.view.release()
            self.view = None


STARTS = [b"", b"a", b"line one\nline two\n\nlast", b"\n\n", b"\0a\0\nb", bytes(range(40)), b"x" * 100]
SIZES = [None, -1, MIN, 0, 1, 2, 7, 50, 1000, MAX]


def make_bytes_io():
    script = Script()
    lines = [b"p\n", b"", b"qq"]
    # Every call at every kind of position.
    calls = [("read", s) for s in SIZES] + [("read1", s) for s in SIZES] + \
            [("readline", s) for s in SIZES] + [("readlines", s) for s in (None, -1, 0, 1, 9, 1000)] + \
            [("readinto", s) for s in (0, 1, 9, 200)] + \
            [("write", b) for b in (b"", b"Z", b"new text\n", b"\0" * 70)] + \
            [("truncate", s) for s in (None, 0, 1, 5, 1000, -1, MIN)] + \
            [("seek", o, w) for o in (0, 1, -1, -5, 500, MIN) for w in (0, 1, 2)] + \
            [("seek", MAX, 0), ("seek", 0, 3), ("seek", 0, -1), ("writelines", lines), ("writelines", []),
             ("next",), ("getvalue",), ("flush",), ("isatty",), ("readable",), ("writable",),
             ("seekable",), ("fileno",), ("tell",), ("close",), ("closed",)]
    for start in STARTS[:5]:
        for position in (0, 1, len(start), len(start) + 3):
            for call in calls:
                case = BytesIOCase(script, start)
                case.call("seek", position, 0)
                case.call(*call)
                case.call("getvalue")
                case.call("tell")
    for position in (1, 5, MAX):
        case = BytesIOCase(script, b"abc")
        case.call("seek", MAX, 0)
        case.call("seek", position, 1)
        case.call("read", None)
    case = BytesIOCase(script, b"abc")
    case.call("seek", MAX, 0)
    case.call("write", b"x")
    case.call("getvalue")
    case = BytesIOCase(script, b"abc")
    case.call("seek", MAX, 2)
    # After close everything but close, closed and what never works says so.
    for call in calls:
        case = BytesIOCase(script, b"abc")
        case.call("close")
        case.call(*call)
    # Long runs, with views in some.
    for number in range(500):
        case = BytesIOCase(script, script.pick(STARTS))
        for _ in range(10):
            if number % 2 == 0 and script.below(4) == 0:
                call = ("view_release",) if case.view is not None else ("getbuffer",)
            elif case.view is not None and len(case.view) and script.below(3) == 0:
                call = script.pick([("view_set", script.below(len(case.view)), script.below(256)),
                                    ("view_bytes",)])
            else:
                call = script.pick([c for c in calls if c[0] not in ("flush", "isatty", "fileno")
                                    and not (c[0] == "seek" and c[1] == MAX)
                                    and (c[0] != "close" or script.below(8) == 0)])
            case.call(*call)
            if case.ended or case.stream.closed:
                break
        if not case.stream.closed:
            case.call("getvalue")
            case.call("tell")
        case.end()
    return script


# --- SpooledTemporaryFile ---------------------------------------------------------------------------


class SpooledCase(Case):
    """One file; what some Pythons answer with None is asked for afterwards."""

    def __init__(self, script, limit):
        super().__init__(script, limit)
        self.stream = tempfile.SpooledTemporaryFile(max_size=limit)

    def ask(self, method, *args):
        return getattr(self.stream, method)(*args)

    def difference(self, *_):
        return None

    def do_seek(self, offset, whence):
        self.stream.seek(offset, whence)
        return self.stream.tell()

    def do_truncate(self, size):
        self.stream.truncate(*([] if size is None else [size]))

    def do_writelines(self, lines):
        self.stream.writelines(lines)

    def do_next(self):
        return next(iter(self.stream), None)

    def do_closed(self):
        return self.stream.closed

    def do_rolled(self):
        return self.stream._rolled

    def do_value(self):
        position = self.stream.tell()
        self.stream.seek(0)
        value = self.stream.read()
        self.stream.seek(position)
        return value


def make_spooled_io():
    script = Script()
    calls = [("read", s) for s in (-1, 0, 1, 7, 1000)] + [("readline", s) for s in (-1, 0, 3)] + \
            [("readlines", s) for s in (-1, 0, 1, 4, 5, 1000)] + \
            [("write", b) for b in (b"", b"Z", b"li\nne\n\nmore", b"\0" * 30)] + \
            [("writelines", lines) for lines in ([], [b""], [b"a\n", b"", b"bb\n" * 3])] + \
            [("truncate", s) for s in (None, 0, 3, 10, 11, 40, -1)] + \
            [("seek", o, w) for o in (0, 3, 10, 11, 50) for w in (0, 1, 2)] + \
            [("seek", o, w) for o in (-1, -5, -200) for w in (0, 1, 2)] + \
            [("next",), ("flush",), ("rollover",), ("tell",), ("close",), ("closed",)]
    for limit in [0, 1, 10, 10, 25] * 30:
        case = SpooledCase(script, limit)
        for _ in range(10):
            call = script.pick([c for c in calls if c[0] != "close" or script.below(20) == 0])
            case.call(*call)
            case.call("rolled")
            if not case.stream.closed:
                case.call("value")
                case.call("tell")
        case.stream.close()
    return script


# --- StringIO ---------------------------------------------------------------------------------------

TEXTS = ["", "a", "one\ntwo\r\nthree\rfour", "\u00e9\u20ac\U0001f600", "\r", "\n", "\r\n", "nul\0nul",
         "\U0001f600\r\n\u00e9\n", "x" * 30, "tail\r"]


class StringIOCase(Case):
    def __init__(self, script, text, newline):
        super().__init__(script, text, newline)
        self.stream = io.StringIO(text, newline)

    def ask(self, method, *args):
        return getattr(self.stream, method)(*args)

    def difference(self, method, *args):
        if method == "write" and any("\ud800" <= c <= "\udfff" for c in args[0]):
            return "lone-surrogate"
        if method == "seek" and args[0] != 0 and args[1] in (1, 2) and not self.stream.closed:
            return "relative-seek"
        return "flush-of-closed" if method == "flush" and self.stream.closed else None

    def do_next(self):
        return next(self.stream, None)

    def do_closed(self):
        return self.stream.closed

    def do_encoding(self):
        return self.stream.encoding

    def do_line_buffering(self):
        return self.stream.line_buffering

    def do_newlines(self):
        found = self.stream.newlines
        return [] if found is None else [found] if isinstance(found, str) else found


def make_string_io():
    script = Script()
    newlines = [None, "", "\n", "\r", "\r\n"]
    calls = [("read", s) for s in SIZES] + [("readline", s) for s in SIZES] + \
            [("readlines", s) for s in (None, -1, 0, 1, 5, 1000)] + [("write", t) for t in TEXTS] + \
            [("truncate", s) for s in (None, 0, 1, 4, 1000, -1, MIN)] + \
            [("seek", o, w) for o in (0, 1, -1, 6, 50) for w in (0, 1, 2)] + \
            [("seek", MIN, 0), ("seek", 0, 3), ("seek", MAX, 0), ("writelines", ["a\n", "", "\u20ac\r"]),
             ("next",), ("getvalue",), ("flush",), ("isatty",), ("readable",), ("writable",),
             ("seekable",), ("fileno",), ("tell",), ("newlines",), ("encoding",), ("line_buffering",),
             ("close",), ("closed",)]
    for newline in newlines:
        for text in TEXTS:
            case = StringIOCase(script, text, newline)
            for call in (("getvalue",), ("newlines",), ("tell",), ("readlines", None), ("tell",),
                         ("seek", 0, 0), ("readline", 2), ("readline", None), ("read", None)):
                case.call(*call)
    for position, call in itertools.product((0, 2, 4, 9), calls):
        case = StringIOCase(script, "\u00e9\u20ac\U0001f600\r\nz", script.pick(newlines))
        case.call("seek", position, 0)
        case.call(*call)
        if not case.stream.closed:
            case.call("getvalue")
            case.call("tell")
    for call in calls:
        case = StringIOCase(script, "abc", "\n")
        case.call("close")
        case.call(*call)
    for newline in ("x", "\n\n", "\n\r", " "):
        script.ask(lambda n: io.StringIO("", n) and None, "make", newline)
    for text in ("\ud800", "a\udfffb"):
        StringIOCase(script, "abc", "\n").call("write", text)
    case = StringIOCase(script, "abc", "\n")
    case.call("seek", MAX, 0)
    case.call("write", "x")
    case.call("getvalue")
    for _ in range(250):
        case = StringIOCase(script, script.pick(TEXTS), script.pick(newlines))
        for _ in range(10):
            call = script.pick([c for c in calls if c[0] not in ("flush", "isatty", "fileno", "close")
                                and not (c[0] == "seek" and c[1] == MAX)])
            case.call(*call)
        case.call("getvalue")
        case.call("newlines")
    return script


# --- memoryview -------------------------------------------------------------------------------------


class ViewCase(Case):
    """A stack of views, each made from the one before; calls go to the last."""

    def __init__(self, script, data, writable):
        super().__init__(script, data, writable)
        self.base = bytearray(data) if writable else bytes(data)
        self.writable = writable
        self.views = [memoryview(self.base)]

    def difference(self, method, *_):
        live = method == "hash" and self.writable
        return "hash-of-live-view" if live and outcome(lambda: self.views[-1].readonly) == "t" else None

    def ask(self, name, *args):
        value = getattr(self.views[-1], name)
        return value(*args) if callable(value) else value

    def push(self, view):
        self.views.append(view)

    def do_len(self):
        return len(self.views[-1])

    def do_slice(self, start, stop, step):
        self.push(self.views[-1][slice(start, stop, step)])

    def do_cast(self, form):
        self.push(self.views[-1].cast(form))

    def do_reshape(self, form, shape):
        self.push(self.views[-1].cast(form, shape))

    def do_toreadonly(self):
        self.push(self.views[-1].toreadonly())

    def do_back(self):
        self.views.pop()

    def do_get(self, *index):
        return self.views[-1][index if len(index) != 1 else index[0]]

    def do_set(self, index, value):
        self.views[-1][index] = value

    def do_set2(self, i, j, value):
        self.views[-1][i, j] = value

    def do_assign(self, start, stop, step, data):
        self.views[-1][slice(start, stop, step)] = data

    def do_overlap(self, start, stop, step, from_start, from_stop, from_step):
        view = self.views[-1]
        view[slice(start, stop, step)] = view[slice(from_start, from_stop, from_step)]

    def do_tobytes_order(self, order):
        return self.views[-1].tobytes(order)

    def do_hex_separator(self, separator, group):
        return self.views[-1].hex(separator, group)

    def do_tolist(self):
        flat = self.views[-1].tolist()
        while isinstance(flat, list) and flat and isinstance(flat[0], list):
            flat = [item for row in flat for item in row]
        return flat

    def do_eq(self, data):
        return self.views[-1] == data

    def do_eq_base(self):
        return self.views[-1] == self.views[0]

    def do_contains(self, value):
        return value in self.views[-1]

    def do_hash(self):
        return hash(self.views[-1]) == hash(self.views[-1].tobytes())

    def do_base(self):
        return bytes(self.base)

    def do_bytes(self):
        return bytes(self.views[-1])


ATTRIBUTES = ["len", "format", "itemsize", "ndim", "shape", "strides", "suboffsets", "nbytes", "readonly",
              "c_contiguous", "f_contiguous", "contiguous"]
FORMATS = ["B", "b", "c", "@B", "?", "h", "H", "i", "I", "l", "L", "q", "Q", "n", "N", "f", "d", "P",
           "<i", "z", "", "ii", "@", "2B"]
SHAPES = [[1], [2, 3], [3, 2], [24], [2, 3, 4], [1, 24], [4, 6], [24, 1], [0], [-1], [2, 0], [5, 5], [],
          [1] * 64, [1] * 65, [MAX, 2]]


def make_memoryview():
    script = Script()
    pool = bytes((7 * i + 3) % 256 for i in range(24))
    datas = [b"", b"a", b"ab", b"\0\xff\x80", pool]
    for data, writable in itertools.product(datas, (False, True)):
        for start, stop in itertools.product([None, 0, 1, -1, 2, 50, -50], repeat=2):
            case = ViewCase(script, data, writable)
            case.call("slice", start, stop, script.pick([None, 1, 2, -1, -3, 0, MAX, MIN + 1]))
            for name in ("tobytes", "shape", "strides", "c_contiguous", script.pick(ATTRIBUTES)):
                case.call(name)
        for form in FORMATS:
            case = ViewCase(script, data, writable)
            case.call("cast", form)
            for name in ATTRIBUTES:
                case.call(name)
            case.call("tolist")
            case.call("eq_base")
            case.call("get", script.pick([0, -1, 1, 5, -9]))
            case.call("contains", script.pick([0, 1, 255, -1]))
            case.call("cast", script.pick(["B", "b", "h", "i"]))
            case.call("tolist")
        case = ViewCase(script, data, writable)
        for index in (0, 1, -1, 2, -3, 23, -24, 24, -25, MAX, MIN):
            case.call("get", index)
        for other in datas:
            case.call("eq", other)
        for order in ("C", "F", "A", "x"):
            case.call("tobytes_order", order)
        for separator in (":", "", "ab"):
            case.call("hex_separator", separator, script.pick([-2, 0, 1, 3]))
        case.call("hex")
        case.call("contains", 97)
        case.call("hash")
        case = ViewCase(script, data, True)
        case.call("toreadonly")
        case.call("readonly")
        case.call("hash")
        for call in [(name,) for name in ATTRIBUTES] + [("tobytes",), ("tolist",), ("get", 0), ("hex",),
                     ("slice", None, None, 2), ("cast", "b"), ("eq", data), ("release",),
                     ("toreadonly",), ("hash",), ("contains", 0)]:
            case = ViewCase(script, data, writable)
            case.call("slice", None, None, None)
            case.call("release")
            case.call(*call)
            case.call("back")
            case.call("tobytes")
    for shape, form in itertools.product(SHAPES, ["B", "b", "h", "i", "d"]):
        case = ViewCase(script, pool, script.below(2) == 0)
        case.call("reshape", form, shape)
        for name in ATTRIBUTES + ["tobytes", "tolist", "hex", "eq_base", "bytes"]:
            case.call(name)
        for index in ([0], [1, 1], [-1, -1], [0, 0, 0], [9, 9], []):
            case.call("get", *index)
        for order in ("C", "F", "A"):
            case.call("tobytes_order", order)
        case.call("slice", script.pick([None, 1]), None, script.pick([None, -1, 2]))
        for name in ("shape", "strides", "tobytes", "c_contiguous", "f_contiguous"):
            case.call(name)
        case.call("cast", script.pick(["B", "H"]))
        case.call("tobytes")
        case.call("reshape", "B", script.pick([[24], [2, 12]]))
        case.call("tobytes")
    values = {"B": [0, 255, 256, -1], "b": [-128, 127, 128, -129], "h": [-32768, 32767, 32768],
              "H": [65535, 65536, -1], "i": [2**31 - 1, -(2**31), 2**31], "I": [2**32 - 1, 2**32, -1],
              "q": [MAX, MIN], "Q": [2**64 - 1, -1], "f": [0.5, 1, 1e39], "d": [0.1, -3], "?": [True, 0, 2],
              "l": [1, MIN], "n": [5], "N": [7, -1], "P": [9]}
    for form, items in values.items():
        for value in items + [0.25, True]:
            case = ViewCase(script, pool, True)
            case.call("cast", form)
            for index in (0, -1, 99):
                case.call("set", index, value)
            case.call("base")
    for _ in range(400):
        case = ViewCase(script, pool, True)
        for _ in range(2):
            case.call("slice", script.pick([None, 2, -9]), script.pick([None, 20, -1]),
                      script.pick([None, 2, -1]))
        bounds = [None, 0, 1, 3, -2, 7, 40]
        steps = [None, 1, -1, 2, -2]
        call = script.pick([
            ("assign", script.pick(bounds), script.pick(bounds), script.pick(steps),
             bytes(script.below(256) for _ in range(script.below(9)))),
            ("overlap", script.pick(bounds), script.pick(bounds), script.pick(steps),
             script.pick(bounds), script.pick(bounds), script.pick(steps)),
            ("overlap", 0, 6, 1, script.below(4), 6 + script.below(2), 1),
            ("set", script.below(12), script.below(256)), ("cast", "h"), ("tobytes",)])
        case.call(*call)
        case.call("tobytes")
        case.call("base")
    return script


# --- struct -----------------------------------------------------------------------------------------


def make_struct():
    script = Script()
    integers = [0, 1, -1] + [sign * 2**bits + delta for bits in (7, 8, 15, 16, 31, 32, 62)
                             for sign in (1, -1) for delta in (-1, 0)] + \
               [MAX, MIN, 2**63, 2**64 - 1]
    floats = [0.0, -0.0, 1.5, -2.25, 0.1, 65504.0, 65519.99, 65520.0, 5.96e-8, 2.98e-8, 6.1e-5, 3.4e38,
              3.4028235677973366e38, 1e39, -1e39, 5e-324, 1.7e308, float("inf"), float("-inf"),
              float("nan"), 2049.0, 2051.0, 1e-45, 1e-46]
    payloads = [b"", b"a", b"abc", b"\0", b"x" * 300]

    def pack_into(form, size, offset, *args):
        room = bytearray(b"." * size)
        struct.pack_into(form, room, offset, *args)
        return bytes(room)

    for order in ("", "@", "=", "<", ">", "!"):
        for code in "bBhHiIlLqQnNP?":
            for value in integers:
                script.ask(struct.pack, "pack", order + code, value)
        for code in "efd":
            for value in floats + [3, -7, 2**64 - 1, MIN]:
                script.ask(struct.pack, "pack", order + code, value)
        for code in ("s", "3s", "0s", "p", "5p", "0p", "300p", "c"):
            for value in payloads:
                script.ask(struct.pack, "pack", order + code, value)
        for code in "cbB?hHiIlLqQnNPefdspx":
            script.ask(struct.calcsize, "calcsize", order + code)
            script.ask(struct.calcsize, "calcsize", order + "b" + code)
            script.ask(struct.calcsize, "calcsize", order + "b0" + code)
            script.ask(struct.calcsize, "calcsize", order + "3" + code + "h")
            for value in (b"text", 1, 1.5, True):
                script.ask(struct.pack, "pack", order + code, value)
            data = bytes([0x80, 0, 0xff, 0x7f, 0x01, 0xfe, 0x3c, 0xc0])
            for size in range(9):
                script.ask(struct.unpack, "unpack", order + code, data[:size])
    for form in ("", "4", "i4", "4 i", "z", "-1i", "<@i", " <i", "@ i", "i\ti\n", "\0i", "i\0", "b 2h", "2 h",
                 "99999999999999999999i", "9223372036854775807b", "9223372036854775807bb",
                 "9223372036854775808b", "4611686018427387904h", "9223372036854775804sI",
                 "9223372036854775807s0q", "x", "5x", "0x", "xxi", "b0q", "qb0q", "bhilqdfe?P", "3c2H0I"):
        script.ask(struct.calcsize, "calcsize", form)
        script.ask(struct.pack, "pack", form)
        script.ask(struct.pack, "pack", form, 1)
        script.ask(struct.unpack, "unpack", form, b"")
        script.ask(struct.unpack, "unpack", form, b"abcd")
        script.ask(lambda f, d: list(struct.iter_unpack(f, d)), "iter_unpack", form, b"")
        script.ask(lambda f, d: list(struct.iter_unpack(f, d)), "iter_unpack", form, b"abcdabcd")
    for form in ("<I", ">H", "<0s", "<bh", "3s"):
        for offset in (0, 1, 5, 6, 8, 10, 11, -1, -2, -3, -4, -10, -11, MAX, MIN):
            for size in (0, 3, 10):
                script.ask(struct.unpack_from, "unpack_from", form, bytes(range(size)), offset)
                args = {"<I": [7], ">H": [513], "<0s": [b"q"], "<bh": [1, -2], "3s": [b"xy"]}[form]
                script.ask(pack_into, "pack_into", form, size, offset, *args)
        script.ask(pack_into, "pack_into", form, 10, 0)
    script.ask(pack_into, "pack_into", "<Hb", 10, 0, 1, 300)
    codes = "xcbB?hHiIlLqQefds"
    for _ in range(500):
        form = script.pick(["", "<", ">", "=", "!", "@"])
        for _ in range(1 + script.below(5)):
            form += script.pick(["", "", "2", "0", "3"]) + script.pick(codes) + script.pick(["", "", " "])
        size = struct.calcsize(form)
        data = bytes(script.below(256) for _ in range(size))
        script.ask(struct.unpack, "unpack", form, data)
        script.ask(struct.pack, "pack", form, *struct.unpack(form, data))
        script.ask(lambda f, d: list(struct.iter_unpack(f, d)), "iter_unpack", form, data * 2)
    return script


FILES = {"bytes": make_bytes, "bytearray": make_bytearray, "bytes_io": make_bytes_io,
         "spooled_io": make_spooled_io,
         "string_io": make_string_io, "memoryview": make_memoryview, "struct": make_struct}


def content(text):
    """What must be the same: all but the line that names the version."""
    return re.sub(r"\A#.*\n", "", text)


def main(arguments):
    check = "--check" in arguments
    rest = [argument for argument in arguments if argument != "--check"]
    folder = Path(rest[0]) if rest else Path(__file__).resolve().parent.parent / "tests/golden"
    status = 0
    for name, make in FILES.items():
        script = make()
        path = folder / f"{name}.txt"
        if not check:
            path.write_text(script.text(), encoding="ascii")
        elif not path.exists() or content(path.read_text(encoding="ascii")) != content(script.text()):
            print(f"{path}: this python3 ({sys.version.split()[0]}) answers otherwise: "
                  "run tools/golden.py and look at the difference")
            status = 1
            continue
        print(f"{name}: {len(script.lines)} lines")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
