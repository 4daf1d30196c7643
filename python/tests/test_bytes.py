"""quire.Bytes: as bytes in all it does, and sharing memory where bytes copies."""

import array
import copy
import gc
import hashlib
import io
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
import unittest
import weakref
import zlib

import quire
from quire import Bytes, ByteView

TEXTS = [
    b"",
    b"a",
    b"hello world",
    b"  padded\t\n",
    b"aaaa",
    b"one,two,,three,",
    b"line\nline\r\nline\rlast",
    b"MiXed Case 123",
    b"+42",
    b"\x00\xff\x80'\"\\",
    bytes(range(256)),
]
NEEDLES = [b"", b"a", b"aa", b"l", b",", b"hello", b"world!", b"\n", b"\x00", bytes(range(256)), 97]
BOUNDS = [(), (0,), (1,), (-3,), (2, 5), (-5, -1), (None, None), (None, 4), (100,), (3, 2),
          (-sys.maxsize, sys.maxsize), (2**70,)]
ODD = [None, 1.5, "text", [], object, -1, 256, 2**70, True, (), (b"h", b"a"), [b"h"]]


def calls():
    """Method names with arguments, right ones and wrong ones."""
    for name in "find", "rfind", "index", "rindex", "count", "startswith", "endswith":
        for needle in NEEDLES:
            for bounds in BOUNDS:
                yield name, (needle, *bounds)
        for odd in ODD:
            yield name, (odd,)
            yield name, (b"a", odd)
        yield name, ()
        yield name, (b"a", 1, 2, 3)
    for name in "split", "rsplit":
        yield name, ()
        for separator in None, b",", b" ", b"aa", b"", b"l":
            for most in -1, 0, 1, 2, sys.maxsize:
                yield name, (separator, most)
        for odd in ODD:
            yield name, (odd,)
            yield name, (b",", odd)
    for name in "partition", "rpartition", "removeprefix", "removesuffix", "__contains__":
        for needle in [*NEEDLES, *ODD]:
            yield name, (needle,)
        yield name, ()
    for name in "strip", "lstrip", "rstrip":
        for argument in [b"", b" ", b"ahd", bytearray(b"a+"), *ODD]:
            yield name, (argument,)
        yield name, ()
        yield name, (b"a", b"b")
    for keep in True, False, 0, 1:
        yield "splitlines", (keep,)
    for before in b"", b"a", b"ll", b"aa", "a", 1, None:
        for after in b"", b"xyz", b"q", "a", None:
            for count in (), (-1,), (0,), (1,), (2,), (1.0,), (None,):
                yield "replace", (before, after, *count)
    for parts in [], [b"a"], (b"a", b"b"), iter([b"x", bytearray(b"y")]), ["a"], [1], None, 5, b"ab":
        yield "join", (parts,)
    for table in None, bytes(range(255, -1, -1)), bytes(255), "x", 5:
        for delete in (), (b"",), (b"al",), ("a",):
            yield "translate", (table, *delete)
    for name in "center", "ljust", "rjust":
        for width in 0, -5, 5, 12, 13, 300, 2.0, "5":
            for fill in (), (b"-",), (bytearray(b"*"),):
                yield name, (width, *fill)
    for width in 0, 3, 12, -1, 300:
        yield "zfill", (width,)
        yield "expandtabs", (width,)
    for name in ("upper lower swapcase title capitalize isalnum isalpha isascii isdigit islower "
                 "isspace istitle isupper expandtabs hex __len__ __repr__ __hash__").split():
        yield name, ()
    for separator in ":", b"-", "", "xx", "\xff", 5, None:
        for group in (), (1,), (-1,), (2,), (-3,), (0,), ("1",):
            yield "hex", (separator, *group)
    for encoding in "utf-8", "latin-1", "ascii", "nonesuch", None, 5, "utf-16", "utf\0":
        for errors in (), ("strict",), ("ignore",), (None,):
            yield "decode", (encoding, *errors)
    for index in [0, 1, -1, 5, 400, -400, 2**70, 1.0, "a", None, True]:
        yield "__getitem__", (index,)
    for start in None, 0, 1, -3, 500, -500:
        for stop in None, 0, 3, -2, 500:
            for step in None, 1, 2, -1, -3, 0, 500:
                yield "__getitem__", (slice(start, stop, step),)
    for count in 0, 1, 2, 7, -1:
        yield "__mul__", (count,)
        yield "__rmul__", (count,)
    for other in b"", b"x", bytearray(b"yz"), memoryview(b"mv"):
        yield "__add__", (other,)
    for name in "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__":
        for other in [*TEXTS, "a", 5, None, object()]:
            yield name, (other,)


def plain(value):
    """With bytes in place of quire.Bytes, and types to tell an int from a bool."""
    if isinstance(value, (Bytes, ByteView)):
        return plain(value.tobytes())
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(item) for item in value)]
    return type(value).__name__, value


def outcome(text, name, arguments):
    """The result, or which exception with which message, the type's own name left out."""
    try:
        return plain(getattr(text, name)(*arguments))
    except Exception as error:
        return type(error), str(error).replace("quire.", "").replace("Bytes", "bytes")


class SameAsBytes(unittest.TestCase):
    # Whose wording of a wrong number or kind of arguments is the interpreter's, and varies.
    LOOSE = (TypeError, OverflowError)

    def test_every_method_answers_as_bytes_does(self):
        for name, arguments in calls():
            if any(hasattr(argument, "__next__") for argument in arguments):
                arguments = tuple(list(argument) for argument in arguments)
            for text in TEXTS:
                expected = outcome(text, name, arguments)
                result = outcome(Bytes(text), name, arguments)
                if name == "__repr__":
                    expected = ("str", f"Bytes({text!r})")
                if expected[0] in self.LOOSE:
                    expected, result = expected[:1], result[:1]
                self.assertEqual(result, expected, (text, name, arguments))

    def test_methods_are_those_of_bytes_and_more(self):
        missing = set(dir(bytes)) - set(dir(Bytes)) - {"__getnewargs__"}
        self.assertEqual(missing, set())
        self.assertEqual({name for name in set(dir(Bytes)) - set(dir(bytes)) if name[0] != "_"},
                         {"compact", "retained_bytes", "tobytes"})

    def test_messages_for_wrong_arguments(self):
        for name, arguments, message in [
            ("find", ("a",), "argument should be integer or bytes-like object, not 'str'"),
            ("startswith", ([],), "startswith first arg must be bytes or a tuple of bytes, not list"),
            ("split", (5,), "a bytes-like object is required, not 'int'"),
            ("join", ([b"", 5],), "sequence item 1: expected a bytes-like object, int found"),
            ("join", (5,), "can only join an iterable"),
            ("__getitem__", ("a",), "byte indices must be integers or slices, not str"),
            ("__add__", (5,), "can't concat int to quire.Bytes"),
            ("decode", (5,), "decode() argument 'encoding' must be str, not int"),
            ("center", (5, b"xx"), "center() argument 2 must be a byte string of length 1, not bytes"),
            ("find", (), "find expected at least 1 argument, got 0"),
            ("find", (1, 2, 3, 4), "find expected at most 3 arguments, got 4"),
        ]:
            with self.assertRaises(TypeError, msg=name) as caught:
                getattr(Bytes(b"text"), name)(*arguments)
            self.assertEqual(str(caught.exception), message)

    def test_arguments_by_name(self):
        text = Bytes(b"a b\nc")
        self.assertEqual(text.split(maxsplit=1), [b"a", b"b\nc"])
        self.assertEqual(text.split(sep=b" "), [b"a", b"b\nc"])
        self.assertEqual(text.splitlines(keepends=True), [b"a b\n", b"c"])
        self.assertEqual(text.decode(errors="strict", encoding="ascii"), "a b\nc")
        self.assertEqual(text.hex(sep=":", bytes_per_sep=2), b"a b\nc".hex(":", 2))
        self.assertEqual(text.translate(None, delete=b"a"), b" b\nc")
        for wrong in [lambda: text.split(separator=b" "), lambda: text.split(b" ", sep=b" "),
                      lambda: text.translate(table=None), lambda: text.find(sub=b"a")]:
            self.assertRaises(TypeError, wrong)

    def test_names_of_codecs_are_checked_in_development_mode(self):
        program = ("from quire import Bytes\n"
                   "for data in b'', b'text':\n"
                   "    for names in {'encoding': 'none such'}, {'errors': 'none such'}:\n"
                   "        try: Bytes(data).decode(**names)\n"
                   "        except LookupError: pass\n"
                   "        else: raise SystemExit(1)\n")
        subprocess.run([sys.executable, "-X", "dev", "-c", program], check=True, timeout=60,
                       env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    def test_hash_is_that_of_bytes(self):
        for text in TEXTS:
            self.assertEqual(hash(Bytes(text)), hash(text))
            self.assertEqual(hash(Bytes(b"xx" + text)[2:]), hash(text))
        self.assertEqual({b"key": 1}[Bytes(b"key")], 1)
        self.assertEqual({Bytes(b"key"): 1}[b"key"], 1)

    def test_compares_with_what_bytes_compares_with(self):
        for other in bytes, bytearray, Bytes, ByteView:
            self.assertTrue(Bytes(b"abc") == other(b"abc"), other)
            self.assertTrue(other(b"abc") == Bytes(b"abc"), other)
            self.assertTrue(Bytes(b"abc") < other(b"abd"), other)
            self.assertTrue(other(b"abd") > Bytes(b"abc"), other)
            self.assertFalse(Bytes(b"abc") == other(b"abcd"), other)
        self.assertTrue(Bytes(b"abc") == memoryview(b"abc"))
        self.assertTrue(memoryview(b"abc") == Bytes(b"abc"))
        # A memoryview compares by the values of its items, whatever their bytes are.
        self.assertFalse(Bytes(b"\x01\x00\x00\x00") == memoryview(array.array("i", [1])))
        self.assertTrue(Bytes(b"\x01") == memoryview(array.array("i", [1])))
        self.assertFalse(Bytes(b"\x01\x00\x00\x00") == array.array("i", [1]))
        self.assertFalse(Bytes(b"ac") == memoryview(b"abcd")[::3])
        released = memoryview(b"abc")
        released.release()
        self.assertFalse(Bytes(b"abc") == released)
        with self.assertRaises(TypeError):
            Bytes(b"abc") < memoryview(b"abc")

    def test_sorts_among_bytes(self):
        texts = [Bytes(text) for text in TEXTS] + TEXTS
        self.assertEqual([bytes(text) for text in sorted(texts)], sorted(TEXTS + TEXTS))


class Sharing(unittest.TestCase):
    WHOLE = bytes(range(256)) * 4096

    def test_bytes_of_bytes_shares(self):
        self.assertEqual(_address(Bytes(self.WHOLE)), _address(self.WHOLE))
        self.assertIs(Bytes(self.WHOLE).tobytes(), self.WHOLE)
        self.assertIs(bytes(Bytes(self.WHOLE)), self.WHOLE)

    def test_bytes_of_a_frozen_view_shares(self):
        for view in [memoryview(self.WHOLE)[5:], ByteView(self.WHOLE)[5:], Bytes(self.WHOLE)[5:],
                     memoryview(Bytes(self.WHOLE))[5:], memoryview(ByteView(self.WHOLE)[5:]),
                     ByteView(memoryview(self.WHOLE)[2:])[3:]]:
            shared = Bytes(view)
            self.assertEqual(_address(shared), _address(self.WHOLE) + 5)
            self.assertEqual(shared, self.WHOLE[5:])

    def test_bytes_of_what_can_change_copies(self):
        changing = bytearray(b"abc")
        for source in changing, memoryview(changing), memoryview(changing).toreadonly(), ByteView(
                changing), ByteView(changing).toreadonly():
            taken = Bytes(source)
            changing[0] = ord("X")
            self.assertEqual(taken, b"abc")
            changing[0] = ord("a")

    def test_parts_share(self):
        whole = Bytes(self.WHOLE)
        start = _address(whole)
        end = start + len(whole)
        parts = [whole[5:9], whole[-100:], *whole.split(b"\n"), *whole.rsplit(b"\r", 3),
                 *whole.partition(b"\x40"), *whole.rpartition(b"\x40"), *whole.splitlines(),
                 whole.strip(b"\x00\xff"), whole.lstrip(b"\x00"), whole.rstrip(b"\xff"),
                 whole.removeprefix(b"\x00"), whole.removesuffix(b"\xff")]
        for part in parts:
            self.assertIs(type(part), Bytes)
            if len(part) > 0:
                self.assertTrue(start <= _address(part) <= end - len(part))
                self.assertGreaterEqual(part.retained_bytes, len(whole))

    def test_the_whole_is_itself(self):
        text = Bytes(b"text")
        for same in text[:], text[0:100], text.strip(), text * 1, copy.copy(text), copy.deepcopy(
                text), text.compact(), text.removeprefix(b"x"):
            self.assertIs(same, text)

    def test_a_part_keeps_the_whole_until_it_is_compacted(self):
        part = Bytes(bytes(1 << 20))[10:20]
        self.assertGreaterEqual(part.retained_bytes, 1 << 20)
        compact = part.compact()
        self.assertEqual(compact, part)
        self.assertLess(compact.retained_bytes, 100)

    def test_the_source_stays_alive(self):
        source = bytes(b"x" * 1000)
        before = sys.getrefcount(source)
        part = Bytes(source)[3:7]
        self.assertEqual(sys.getrefcount(source), before + 1)
        del part
        self.assertEqual(sys.getrefcount(source), before)

    def test_other_steps_copy(self):
        part = Bytes(self.WHOLE)[::2]
        self.assertEqual(part, self.WHOLE[::2])
        self.assertLess(part.retained_bytes, len(self.WHOLE) * 3 // 4)


class GoesWhereBytesGo(unittest.TestCase):
    TEXT = Bytes(b"..[1, 2, 3]..")[2:-2]

    def test_files(self):
        import tempfile
        with tempfile.TemporaryFile() as file:
            self.assertEqual(file.write(self.TEXT), 9)
            file.seek(0)
            self.assertEqual(file.read(), self.TEXT)
            self.assertEqual(os.pwrite(file.fileno(), self.TEXT, 0), 9)
        stream = io.BytesIO(self.TEXT)
        self.assertEqual(stream.read(), self.TEXT)
        stream.writelines([self.TEXT])

    def test_sockets(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.assertEqual(ours.send(self.TEXT), 9)
            ours.sendall(self.TEXT)
            self.assertEqual(theirs.recv(18, socket.MSG_WAITALL), bytes(self.TEXT * 2))

    def test_libraries(self):
        text = bytes(self.TEXT)
        self.assertEqual(hashlib.sha256(self.TEXT).digest(), hashlib.sha256(text).digest())
        self.assertEqual(zlib.decompress(Bytes(zlib.compress(self.TEXT))), text)
        self.assertEqual(struct.unpack_from("<H", self.TEXT, 2), struct.unpack_from("<H", text, 2))
        self.assertEqual(int.from_bytes(self.TEXT, "big"), int.from_bytes(text, "big"))
        self.assertEqual(b"".join([self.TEXT, b"x"]), text + b"x")
        self.assertEqual(b"x" + self.TEXT, b"x" + text)
        self.assertEqual(bytearray(self.TEXT), text)
        self.assertEqual(memoryview(self.TEXT)[1:3], text[1:3])
        self.assertEqual(text.find(self.TEXT[3:5]), 3)
        self.assertEqual(str(self.TEXT, "ascii"), text.decode())
        self.assertEqual(array.array("B", bytes(self.TEXT)).tobytes(), text)
        self.assertEqual(json.loads(bytes(self.TEXT)), [1, 2, 3])
        self.assertEqual(json.loads(self.TEXT.decode()), [1, 2, 3])
        import re
        self.assertEqual(re.findall(rb"\d", self.TEXT), [b"1", b"2", b"3"])

    def test_its_buffer_is_read_only(self):
        view = memoryview(self.TEXT)
        self.assertTrue(view.readonly)
        self.assertEqual((view.format, view.shape, view.ndim), ("B", (9,), 1))
        self.assertIs(view.obj, self.TEXT)
        with self.assertRaises(TypeError):
            io.BytesIO(b"abc").readinto(self.TEXT)
        self.assertEqual(len(memoryview(Bytes())), 0)


class Objects(unittest.TestCase):
    def test_construction_says_what_bytes_says(self):
        for arguments in [("a",), (1.5,), ([256],), ([-1],), (["a"],), (-1,), (b"a", "ascii"), (None,),
                          ("\xe4", "ascii"), (b"", "", "", "")]:
            with self.assertRaises(Exception) as expected:
                bytes(*arguments)
            with self.assertRaises(type(expected.exception)) as caught:
                Bytes(*arguments)
            self.assertEqual(str(caught.exception), str(expected.exception))
        self.assertEqual(Bytes(3), bytes(3))
        self.assertEqual(Bytes([1, 2]), bytes([1, 2]))
        self.assertEqual(Bytes("\xe4", "utf-8"), "\xe4".encode())
        self.assertEqual(Bytes(source=b"a"), b"a")

    def test_pickles_with_every_protocol(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            for text in TEXTS:
                again = pickle.loads(pickle.dumps(Bytes(b"<" + text)[1:], protocol))
                self.assertIs(type(again), Bytes)
                self.assertEqual(again, text)

    def test_pickles_out_of_band_without_a_copy(self):
        text = Bytes(bytes(1 << 20))[5:]
        buffers = []
        data = pickle.dumps(text, 5, buffer_callback=buffers.append)
        self.assertLess(len(data), 200)
        self.assertEqual(_address(pickle.loads(data, buffers=buffers)), _address(text))

    def test_cannot_be_changed(self):
        text = Bytes(b"abc")
        with self.assertRaises(TypeError):
            text[0] = 1
        with self.assertRaises(AttributeError):
            text.attribute = 1
        if sys.version_info >= (3, 10):  # before there were no immutable types but builtin ones
            with self.assertRaises(TypeError):
                Bytes.attribute = 1

    def test_weak_references(self):
        text = Bytes(b"abc")
        reference = weakref.ref(text)
        self.assertIs(reference(), text)
        del text
        self.assertIsNone(reference())

    def test_iteration(self):
        self.assertEqual(list(Bytes(b"abc")), [97, 98, 99])
        self.assertEqual(list(reversed(Bytes(b"abc"))), [99, 98, 97])
        self.assertEqual([*map(bool, (Bytes(), Bytes(b"\0")))], [False, True])

    def test_formats(self):
        self.assertEqual(Bytes(b"%d-%s") % (3, b"x"), b"3-x")
        self.assertIs(type(Bytes(b"%d") % 3), Bytes)
        with self.assertRaises(TypeError):
            5 % Bytes(b"%d")

    def test_searching_lets_other_threads_run(self):
        text = Bytes(bytes(64 << 20))
        done = threading.Event()
        turns = 0

        def search():
            for _ in range(4):
                text.count(b"ab")
            done.set()

        thread = threading.Thread(target=search)
        thread.start()
        while not done.is_set():
            turns += 1
        thread.join()
        self.assertGreater(turns, 10)


class Memory:
    """Nothing is kept by what is done over and over."""

    def check(self, work, rounds=20_000):
        work()
        gc.collect()
        before = _resident(), len(gc.get_objects())
        for _ in range(rounds):
            work()
        gc.collect()
        after = _resident(), len(gc.get_objects())
        self.assertLess(after[0] - before[0], 4 << 20)
        self.assertLess(after[1] - before[1], 100)


class Flat(Memory, unittest.TestCase):
    def test_good_calls(self):
        text = Bytes(b"one two three " * 10)

        def work():
            text.split()
            text[3:9].find(b"x")
            text.partition(b" ")
            text.replace(b"one", b"two").upper().tobytes()
            hash(text[1:])
            text == text[:-1]
            Bytes(memoryview(b"abcdefgh")[1:])
            text.join([b"a", text, b"c"])
            pickle.loads(pickle.dumps(text))

        self.check(work)

    def test_bad_calls(self):
        text = Bytes(b"one two three " * 10)

        def work():
            for call in (lambda: text.find("x"), lambda: text.split(b""), lambda: text.index(b"q"),
                         lambda: text.join([b"a", 5]), lambda: Bytes("a"), lambda: text[1000],
                         lambda: text.replace(b"a", 5), lambda: text.translate(b"a"),
                         lambda: text.decode("none such"), lambda: text.center(5, b"xx"),
                         lambda: text.split(none=1), lambda: text + 5):
                try:
                    call()
                except Exception:
                    pass

        self.check(work)


def _address(object):
    import ctypes

    class Buffer(ctypes.Structure):
        _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("len", ctypes.c_ssize_t),
                    ("itemsize", ctypes.c_ssize_t), ("readonly", ctypes.c_int),
                    ("ndim", ctypes.c_int), ("format", ctypes.c_char_p),
                    ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p),
                    ("suboffsets", ctypes.c_void_p), ("internal", ctypes.c_void_p)]

    buffer = Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(object), ctypes.byref(buffer), 0)
    address = buffer.buf
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))
    return address


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    unittest.main()
