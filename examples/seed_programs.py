"""The seeds' Python programs, made whole where the seeds leave something out, as functions of the
BytesIO that they use. `PROGRAMS` names them.

Each prints what its seed prints or says. What a C++ example of its name prints too is in expected/: `basics`
is seed_basics.cc. What needs a library of others is in python/tests/clients/.
"""

import array
import csv as csv_module
import io
import json
import queue
import struct
import tempfile
import threading
import zlib
from pathlib import Path


def basics(BytesIO):
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

    stream_str = BytesIO(b"JournalDev Python: \x00\x01")
    print(stream_str.getvalue())


def reading_and_writing(BytesIO):
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


def views(BytesIO):
    data = b"abcd"
    print(data.find(b"c"))
    data_view = memoryview(data)
    print(bytes(data_view).find(b"c"))  # memoryview has no find

    s = b"abcdefgh"
    with BytesIO(s).getbuffer() as view:
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


def static_buffer(BytesIO):
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
        print(BytesIO(buffer.getvalue()).read())
    try:
        buffer.write(b", 40 % humidity")
    except OverflowError:
        print("full, still", buffer.getvalue())


def csv(BytesIO):
    stream = io.StringIO()
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


def image(BytesIO):
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


def messages(BytesIO):
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


def blob_store(BytesIO):
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


def verified_stream(BytesIO):
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


def npy(BytesIO):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"
    header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
    stream = BytesIO()
    stream.write(struct.pack("<6sBBH", b"\x93NUMPY", 1, 0, len(header)))
    stream.write(header)
    stream.write(struct.pack("<12d", *(n / 2 for n in range(12))))
    data = stream.getvalue()
    magic, major, minor, size = struct.unpack_from("<6sBBH", data)
    print(magic, major, minor, size)
    print(bytes(data[10 : 10 + size]).strip())
    table = memoryview(data)[10 + size :].cast("d", (3, 4))
    print(table[2, 3], sum(table.cast("B").cast("d")))


def whole_read(BytesIO):
    f = BytesIO()
    f.write(b"f" * 1_000_000)
    f.seek(0)
    print("read() is what getvalue() gives:", f.read() is f.getvalue())


def value_beside_a_buffer(BytesIO):
    f = BytesIO()
    f.write(b"f" * 1_000_000)
    print("alone, getvalue() is shared:", f.getvalue() is f.getvalue())
    x = f.getbuffer()
    print("beside a buffer:", f.getvalue() is f.getvalue())
    del x


def after_the_block(BytesIO):
    with BytesIO() as buf:
        buf.write(b"Data inside context manager")
    try:
        buf.read()
    except ValueError as error:
        print(error)


def queue_between_threads(BytesIO):
    streams, sizes = queue.Queue(), []
    consumer = threading.Thread(
        target=lambda: sizes.extend(len(streams.get().read()) for _ in range(3)))
    consumer.start()
    for size in (10, 200, 3000):
        streams.put(BytesIO(bytes(size)))
    consumer.join()
    print(sizes)


PROGRAMS = {
    "1, 3: writing and reading": basics,
    "1: read() after writes": whole_read,
    "2: getvalue() with a getbuffer() lying around": value_beside_a_buffer,
    "2: clearing a buffer": static_buffer,
    "2: numbers in the format of numpy": npy,
    "2: CSV text for an upload": csv,
    "3: after the block of a context manager": after_the_block,
    "4: read, write, truncate": reading_and_writing,
    "4: an image turned in memory": image,
    "4: messages, smaller than JSON": messages,
    "4: a cache of blobs": blob_store,
    "4: a queue between threads": queue_between_threads,
    "4: VerifiedStream": verified_stream,
    "5: views": views,
}


def twins():
    """The programs that a C++ example is made after, each with what both print."""
    expected = Path(__file__).parent / "expected"
    paths = {program: expected / f"seed_{program.__name__}.txt" for program in PROGRAMS.values()}
    return [(program, path.read_text(encoding="utf-8")) for program, path in paths.items()
            if path.exists()]
