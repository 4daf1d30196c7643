"""quire.SpooledIO: as tempfile.SpooledTemporaryFile, and what goes beyond it."""

import csv
import gc
import io
import os
import pickle
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import unittest
import warnings
import weakref
import zipfile

import quire
from quire import Bytes, SpooledIO

import test_bytes


def both(work, **options):
    """What `work(stream)` returns or raises with the standard library's class and with ours."""
    outcomes = []
    for make in tempfile.SpooledTemporaryFile, SpooledIO:
        with make(**options) as stream:
            try:
                outcomes.append(work(stream))
            except Exception as error:
                outcomes.append(type(error))
    return outcomes


class AsTheStandardOne(unittest.TestCase):
    def test_random_histories(self):
        # Without read1, which loses what was written before it in a BufferedRandom before 3.13.
        names = "read readline readlines readinto write writelines seek tell truncate".split()
        for seed in range(120):
            random.seed(seed)
            size = random.choice([0, 10, 100])
            history = [self.call(random.choice(names)) for _ in range(40)]

            def play(stream):
                results = []
                for name, arguments in history:
                    if name == "readinto":
                        target = bytearray(arguments[0])
                        if hasattr(stream, name):
                            results.append(stream.readinto(target))
                        else:
                            data = stream.read(len(target))
                            results.append(len(data))
                            target[:len(data)] = data
                        results.append(bytes(target))
                        continue
                    try:
                        result = getattr(stream, name)(*arguments)
                    except (OSError, ValueError):
                        result = "refused"
                    # The standard one's truncate() returned nothing before 3.11.
                    results.append((result if name != "truncate" else None, stream.tell(),
                                    stream._rolled))
                stream.seek(0)
                return results, stream.read()

            expected, result = both(play, max_size=size)
            self.assertEqual(result, expected, (seed, size, history))

    @staticmethod
    def call(name):
        if name == "write":
            return name, (random.choice([b"", b"x", b"line\n", b"y" * 30, bytearray(b"z" * 7)]),)
        if name == "writelines":
            return name, ([b"a\n"] * random.randrange(6),)
        if name == "seek":
            whence = random.randrange(3)
            return name, (random.choice([0, 1, 20, 60] if whence == 0 else [0, 1, -1, -9]), whence)
        if name == "readinto":
            return name, (random.randrange(20),)
        if name == "truncate":
            return name, random.choice([(), (0,), (5,), (40,), (150,)])
        if name == "tell":
            return name, ()
        return name, random.choice([(), (-1,), (0,), (3,), (50,)])

    def test_read1_reads_all(self):
        for size in 0, 5:
            with SpooledIO(max_size=size) as stream:
                stream.write(b"many bytes")
                stream.seek(2)
                self.assertEqual([stream.read1(3), stream.read1(), stream.read1(5)],
                                 [b"ny ", b"bytes", b""])

    def test_wrong_arguments(self):
        for name, *arguments in [("write", "text"), ("write", 5), ("write", None), ("read", "a"),
                                 ("seek", -1), ("seek", 0, 7), ("seek", "a"), ("truncate", -1),
                                 ("writelines", 5), ("writelines", [5]), ("readlines", "a"),
                                 ("readline", 1.5), ("seek",), ("detach",)]:
            expected, result = both(lambda stream: getattr(stream, name)(*arguments), max_size=9)
            if name == "detach" and expected is AttributeError:
                expected = io.UnsupportedOperation  # before 3.11
            self.assertIs(result, expected, (name, arguments))

    def test_closed(self):
        stream = SpooledIO(max_size=10)
        stream.write(b"x")
        stream.close()
        self.assertTrue(stream.closed)
        for name, *arguments in [("read",), ("write", b"x"), ("seek", 0), ("tell",), ("truncate",),
                                 ("readline",), ("readlines",), ("flush",), ("fileno",),
                                 ("getvalue",), ("snapshot",), ("rollover",), ("readable",),
                                 ("__iter__",), ("__next__",), ("isatty",), ("writelines", []),
                                 ("readinto", bytearray(1)), ("__enter__",)]:
            self.assertRaises(ValueError, getattr(stream, name), *arguments)
        stream.close()

    def test_text(self):
        for options in [{"encoding": "utf-8"}, {"encoding": "utf-16"},
                        {"encoding": "latin-1", "newline": "\r\n"},
                        {"encoding": "utf-8", "errors": "replace", "newline": ""}]:
            def play(stream):
                results = []
                for text in "first\n", "sec\xf6nd\n", "x" * 50 + "\n":
                    results.append(stream.write(text))
                    results.append(stream._rolled)
                stream.seek(0)
                results += [stream.readline(), stream.read(3), list(stream), stream.encoding,
                            stream.errors, stream.mode, stream.name is None]
                stream.seek(0)
                stream.truncate()
                results.append(stream.read())
                stream.writelines(["a\n", "b\n"])
                stream.seek(0)
                return results, stream.readlines()

            expected, result = both(play, max_size=40, mode="w+", **options)
            self.assertEqual(result, expected, options)
        self.assertRaises(LookupError, SpooledIO, mode="w+", encoding="none such")

    def test_where_one_is_taken(self):
        with SpooledIO(max_size=100) as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                archive.writestr("name", b"content" * 100)
            with zipfile.ZipFile(stream) as archive:
                self.assertEqual(archive.read("name"), b"content" * 100)
        with SpooledIO(max_size=5) as stream:
            shutil.copyfileobj(io.BytesIO(b"many bytes"), stream)
            stream.seek(0)
            target = io.BytesIO()
            shutil.copyfileobj(stream, target)
            self.assertEqual(target.getvalue(), b"many bytes")
        with SpooledIO(mode="w+", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([[1, 2], ["a", "b"]])
            stream.seek(0)
            self.assertEqual(list(csv.reader(stream)), [["1", "2"], ["a", "b"]])
        with SpooledIO() as stream:
            text = io.TextIOWrapper(stream, "utf-8")
            text.write("\xfc\n")
            text.seek(0)
            self.assertEqual(text.readlines(), ["\xfc\n"])
            text.detach()
        with SpooledIO() as stream:
            pickle.dump([1, 2], stream)
            stream.seek(0)
            self.assertEqual(pickle.load(stream), [1, 2])

    def test_directory(self):
        with tempfile.TemporaryDirectory() as directory:
            for given in directory, os.fsencode(directory), pathlib.Path(directory):
                with SpooledIO(max_size=1, dir=given) as stream:
                    stream.write(b"many bytes")
                    self.assertTrue(stream._rolled)
                    self.assertEqual(os.listdir(directory), [])
        self.assertRaises(TypeError, SpooledIO, dir=5)
        self.assertRaises(ValueError, SpooledIO, max_size=-1)

    @unittest.skipIf(os.environ.get("QUIRE_PAGES") == "copy", "nothing goes to a file")
    def test_directory_that_is_missing(self):
        with tempfile.TemporaryDirectory() as directory:
            with SpooledIO(max_size=1, dir=os.path.join(directory, "none such")) as stream:
                with self.assertRaisesRegex(FileNotFoundError, "none such"):
                    stream.write(b"many bytes")
                self.assertEqual(stream.getvalue(), b"")

    @unittest.skipIf(sys.version_info < (3, 11), "the standard one does not warn before 3.11")
    def test_warns_when_dropped_open(self):
        with self.assertWarnsRegex(ResourceWarning, "Unclosed file <quire.SpooledIO object"):
            SpooledIO()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            SpooledIO().close()


class Beyond(unittest.TestCase):
    DATA = bytes(range(256)) * 4096

    def test_snapshots_share_and_stay(self):
        for size in 0, 1000:
            with SpooledIO(max_size=size) as stream:
                stream.write(self.DATA)
                before = stream.snapshot()
                self.assertIs(type(before), Bytes)
                stream.seek(0)
                stream.write(b"changed")
                stream.truncate(10)
                self.assertEqual(before, self.DATA)
                self.assertEqual(stream.snapshot(), b"changed" + self.DATA[7:10])
            self.assertEqual(before, self.DATA)
            self.assertEqual(before[256:512], self.DATA[:256])

    def test_snapshot_of_text(self):
        with SpooledIO(mode="w+", encoding="utf-8") as stream:
            stream.write("\xfc")
            self.assertEqual(stream.snapshot(), "\xfc".encode())
            self.assertEqual(stream.getvalue(), "\xfc".encode())

    def test_snapshot_of_a_file_copies_nothing(self):
        size = 256 << 20
        block = bytes(1 << 20)
        with SpooledIO(max_size=1 << 20, dir=os.environ.get("TMPDIR", "/var/tmp")) as stream:
            for _ in range(size >> 20):
                stream.write(block)
            before = test_bytes._resident()
            snapshots = [stream.snapshot() for _ in range(10)]
            self.assertLess(test_bytes._resident() - before, 32 << 20)
            self.assertEqual({len(snapshot) for snapshot in snapshots}, {size})

    def test_fileno_is_a_file_of_now(self):
        with SpooledIO() as stream:
            stream.write(b"before")
            file = stream.fileno()
            self.assertEqual(stream.fileno(), file)
            self.assertEqual(stream.name, file)
            self.assertEqual(os.pread(file, 100, 0), b"before")
            stream.write(b" after")
            self.assertEqual(os.pread(stream.fileno(), 100, 0), b"before after")
            with self.assertRaises(OSError):
                os.write(stream.fileno(), b"x")

    def test_threads_see_whole_writes(self):
        with SpooledIO(max_size=1 << 16) as stream:
            def write(mark):
                for _ in range(50):
                    stream.write(bytes([mark]) * 100_000)

            threads = [threading.Thread(target=write, args=(mark,)) for mark in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            stream.seek(0)
            counts = dict.fromkeys(range(4), 0)
            while block := stream.read(100_000):
                self.assertEqual(block, block[:1] * 100_000)
                counts[block[0]] += 1
            self.assertEqual(set(counts.values()), {50})

    def test_not_initialized(self):
        class Careless(SpooledIO):
            def __init__(self):
                pass

        stream = Careless()
        for call in stream.read, stream.tell, stream.close, stream.fileno, stream.getvalue:
            self.assertRaisesRegex(ValueError, "uninitialized", call)
        with SpooledIO() as stream, self.assertRaises(ValueError):
            stream.__init__(5)

    def test_subclass(self):
        class Named(SpooledIO):
            def close(self):
                closed.append(self.label)
                super().close()

        closed = []
        stream = Named(max_size=10)
        stream.label = "mine"
        with stream:
            stream.write(b"x")
        self.assertEqual(closed, ["mine"])
        gone = weakref.ref(stream)
        stream.itself = stream
        del stream
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(closed, ["mine"])

    def test_cannot_be_pickled(self):
        with SpooledIO() as stream:
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                self.assertRaises(TypeError, pickle.dumps, stream, protocol)


class Flat(test_bytes.Memory, unittest.TestCase):
    def test_streams(self):
        def work():
            with SpooledIO(max_size=100) as stream:
                stream.write(b"line\n" * 10)
                stream.seek(0)
                stream.readlines()
                stream.snapshot()
                stream.getvalue()
                for call in lambda: stream.write("a"), lambda: stream.seek(-1), stream.detach:
                    try:
                        call()
                    except Exception:
                        pass

        self.check(work, 3000)

    def test_rolled_streams(self):
        def work():
            with SpooledIO(max_size=10) as stream:
                stream.write(b"line\n" * 10)
                stream.fileno()
                stream.readline()
            with SpooledIO(max_size=10, mode="w+", encoding="utf-8") as stream:
                stream.write("line\n" * 10)
                stream.seek(0)
                list(stream)

        files = len(os.listdir("/proc/self/fd"))
        self.check(work, 100)
        self.assertEqual(len(os.listdir("/proc/self/fd")), files)


if __name__ == "__main__":
    unittest.main()
