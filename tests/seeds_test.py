#!/usr/bin/env python3
"""Holds the examples of docs/seeds.md against Python.

Each twin below is the Python of the seeds, made whole where they leave something out. What python3
prints for it must be what the C++ example of the same name is expected to print; running the
example against that text is a test of its own. A second part looks whether every file and every
test that docs/seeds.md names is there.
"""

import contextlib
import io
import re
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TWINS = {}


def twin(function):
    TWINS["seed_" + function.__name__] = function
    return function


@twin
def basics():
    from io import BytesIO

    f = BytesIO()
    f.write(b"hello ")
    f.write(b"world")
    f.seek(0)
    assert f.read() == b"hello world"

    buffer = BytesIO()
    buffer.write(b"Hello, \xF0\x9F\x98\x8A")
    data = buffer.getvalue()
    print(data)
    print(data.decode("utf-8"))
    buffer.close()

    buffer = BytesIO(b"\x00\x01\x02hello")
    first_three = buffer.read(3)
    print(first_three)
    rest = buffer.read()
    print(rest)
    buffer.close()

    with BytesIO() as buf:
        buf.write(b"Data inside context manager")
        buf.seek(0)
        print(buf.read())

    buffer = BytesIO()
    buffer.write(b"Example binary data")
    all_data = buffer.getvalue()
    print(all_data)
    buffer = BytesIO(b"Initial bytes here")
    print(buffer.read())
    with BytesIO() as buf:
        buf.write(b"Context-managed buffer")
        buf.seek(0)
        print(buf.read())

    stream_str = io.BytesIO(b"JournalDev Python: \x00\x01")
    print(stream_str.getvalue())


@twin
def reading_and_writing():
    from io import BytesIO

    data = b"Here is some bytes data to write to the stream"
    stream = BytesIO(data)
    print(stream.read())
    stream.seek(0)
    print(stream.readline())
    for line in stream.readlines():
        print(line)
    value = stream.read(10)
    print(value)

    stream.write(b"new bytes")
    stream.seek(4)
    stream.write(b"over")
    print(stream.getvalue())
    stream.truncate(12)
    stream.seek(0)
    print(stream.read())

    stream = BytesIO(b"first\nsecond\nthird")
    print(stream.readline())
    for line in stream.readlines():
        print(line)

    upload = BytesIO(b"a,b\n1,2\n")
    print(upload.read())
    print(upload.read())
    upload.seek(0)
    print(upload.read())

    stream = BytesIO()
    stream.write(b"New bytes")
    print(stream.read())
    print(stream.getvalue())


@twin
def views():
    import array
    import struct

    data = b"abcd"
    print(data.find(b"c"))
    data_view = memoryview(data)
    print(bytes(data_view).find(b"c"))  # memoryview has no find

    s = b"abcdefgh"
    view = memoryview(s)
    print(view[1])
    limited = view[1:3]
    print(bytes(limited))

    ba = bytearray(8)
    print(ba)
    with open("/dev/urandom", "rb") as source:
        print(source.readinto(ba))
    ba = bytearray(8)
    ba_at_4 = memoryview(ba)[4:]
    with open("/dev/urandom", "rb") as source:
        print(source.readinto(ba_at_4))
    print(bytes(ba[:4]))

    samples = array.array("i", [1, 2, 3])
    with memoryview(samples) as numbers:
        numbers[1] = -2
        print(samples.tolist(), numbers.nbytes, "bytes")

    record = bytearray(12)
    struct.pack_into("<HI", memoryview(record)[2:], 0, 7, 0xCAFE)
    print(record)
    print(struct.unpack_from("<HI", record, 2))


@twin
def static_buffer():
    class StaticBuffer:
        def __init__(self, size):
            self._bfr = bytearray(size)
            self.size = size
            self.lngt = 0
            self.next = 0

        def clear(self):
            self.lngt = 0
            self.next = 0

        def getvalue(self):
            return bytes(self._bfr[: self.lngt])

        def write(self, data):
            if len(data) > self.size - self.next:
                raise OverflowError("full")
            self._bfr[self.next : self.next + len(data)] = data
            self.next += len(data)
            self.lngt = max(self.lngt, self.next)
            return len(data)

    buffer = StaticBuffer(16)
    for reading in (b"20.5 C", b"1013.25 hPa"):
        buffer.clear()
        buffer.write(reading)
        print(buffer.getvalue())
    try:
        buffer.write(b", 40 % humidity")
    except OverflowError:
        print("full, still", buffer.getvalue())


@twin
def csv():
    import csv as csv_module
    from io import BytesIO, StringIO

    stream = StringIO()
    writer = csv_module.writer(stream)
    writer.writerow(["Test1", "Test2"])
    writer.writerow(["TestA", "TestB"])
    writer.writerow(["3.5", 'says "hello, world"'])
    upload = BytesIO(stream.getvalue().encode())
    for line in upload:
        print(line)

    stream.seek(0)
    stream.truncate(0)
    stream.write("I am New Website! 😊")
    print("After reset:", stream.getvalue())
    stream.seek(5)
    print(stream.read(3), stream.tell())


@twin
def image():
    from io import BytesIO

    def load(stream):
        assert stream.readline() == b"P5\n"
        width, height = map(int, stream.readline().split())
        assert stream.readline() == b"255\n"
        return width, height, memoryview(stream.read())

    width, height, pixels = load(BytesIO(b"P5\n8 4\n255\n" + bytes(range(32))))
    # Upside down, then every second pixel of every second row.
    rows = [pixels[y * width : (y + 1) * width] for y in reversed(range(height))]
    rows = [row[::2] for row in rows[::2]]
    stream = BytesIO()
    stream.write(b"P5\n%d %d\n255\n" % (width // 2, height // 2))
    for row in rows:
        stream.write(row.tobytes())
    with stream.getbuffer() as buffer:
        buffer[-1] = 255
    final_image = stream.getvalue()
    print(final_image)


@twin
def messages():
    import json
    from io import BytesIO

    def write_varint(stream, value):
        while value >= 0x80:
            stream.write(bytes([value & 0x7F | 0x80]))
            value >>= 7
        stream.write(bytes([value]))

    def read_varint(stream):
        value = shift = 0
        while True:
            byte = stream.read(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    rows = [{"id": i * i, "name": f"row {i}", "city": "Heidelberg"} for i in range(1000)]
    stream = BytesIO()
    for row in rows:
        message = BytesIO()
        message.write(b"\x08")
        write_varint(message, row["id"])
        for tag, text in ((b"\x12", row["name"]), (b"\x1a", row["city"])):
            message.write(tag)
            write_varint(message, len(text))
            message.write(text.encode())
        write_varint(stream, len(message.getvalue()))
        stream.write(message.getvalue())

    size = len(stream.getvalue())
    text = json.dumps(rows)
    print(f"{size} bytes, as JSON {len(text)}: {100 - 100 * size // len(text)} % less")
    stream.seek(0)
    for _ in range(3):
        print(stream.read(read_varint(stream)))


@twin
def blob_store():
    import struct
    from io import BytesIO

    def put(stream, key, blob):
        stream.write(struct.pack("<HI", len(key), len(blob)))
        stream.write(key)
        stream.write(blob)

    def load(data):
        blobs = {}
        at = 0
        while at < len(data):
            key_size, size = struct.unpack_from("<HI", data, at)
            at += 6
            blobs[bytes(data[at : at + key_size])] = data[at + key_size : at + key_size + size]
            at += key_size + size
        return blobs

    cache = BytesIO()
    put(cache, b"logo.png", b"\x89PNG\r\n\x1a\n")
    put(cache, b"notes.txt", b"remember the milk")
    put(cache, b"logo.png", b"\x89PNG, a newer one")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "blobs"
        with open(path, "wb") as file:
            file.write(cache.getbuffer())
        blobs = load(memoryview(path.read_bytes()))
    for key, blob in sorted(blobs.items()):
        print(key, bytes(blob))


@twin
def verified_stream():
    import zlib
    from io import BytesIO

    class VerifiedStream(BytesIO):
        def __init__(self):
            super().__init__()
            self.checksum = 1

        def write(self, data):
            self.checksum = zlib.adler32(data, self.checksum)
            return super().write(data)

        def verify(self):
            return zlib.adler32(self.getvalue()) == self.checksum

    def save_report(stream):
        stream.write(b"name,score\n")
        stream.write(b"Ada,10\n")

    stream = VerifiedStream()
    save_report(stream)
    print(stream.checksum, "verified" if stream.verify() else "damaged")
    with stream.getbuffer() as buffer:
        buffer[-2] = ord("1")
    print(stream.checksum, "verified" if stream.verify() else "damaged")


@twin
def npy():
    import struct

    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    stream = io.BytesIO()
    stream.write(struct.pack("<6sBBH", b"\x93NUMPY", 1, 0, len(header)))
    stream.write(header)
    stream.write(struct.pack("<12d", *(n / 2 for n in range(12))))
    data = stream.getvalue()
    magic, major, minor, size = struct.unpack_from("<6sBBH", data)
    print(magic, major, minor, size)
    print(bytes(data[10 : 10 + size]).strip())
    table = memoryview(data)[10 + size :].cast("d", (3, 4))
    print(table[2, 3], sum(table.cast("B").cast("d")))


class Seeds(unittest.TestCase):
    def test_python_prints_what_the_examples_print(self):
        for stem, function in TWINS.items():
            with self.subTest(stem):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    function()
                expected = ROOT / "examples/expected" / f"{stem}.txt"
                self.assertEqual(printed.getvalue(), expected.read_text(encoding="utf-8"))

    def test_what_the_page_names_is_there(self):
        page = ROOT / "docs/seeds.md"
        targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        self.assertGreater(len(targets), 50)
        for target in set(targets):
            self.assertTrue((page.parent / target).exists(), target)

    def test_every_test_that_the_page_names_is_in_the_file_it_names(self):
        page = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
        named = re.findall(r"\[(\w+)\.(\w+)\]\(\.\./([\w/]+\.cc)\)", page)
        self.assertGreater(len(named), 20)
        for suite, name, path in named:
            text = (ROOT / path).read_text(encoding="utf-8")
            self.assertRegex(text, rf"TEST(_F|_P)?\({suite},\s+{name}\)", path)

    def test_every_example_of_a_seed_is_on_the_page(self):
        page = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
        for example in sorted((ROOT / "examples").glob("seed_*.cc")):
            self.assertIn(f"../examples/{example.name}", page)


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in TWINS:
        TWINS[sys.argv[1]]()  # what python3 prints, to look at
    else:
        unittest.main()
