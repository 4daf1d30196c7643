"""The seeds' Python programs, as functions of the BytesIO that they use. `PROGRAMS` names them.

Each prints what its seed prints or says; what needs a library of others is in python/tests/clients/.
"""

import csv
import io
import queue
import struct
import threading
import zlib


def hello_world(BytesIO):
    f = BytesIO()
    f.write(b"hello ")
    f.write(b"world")
    f.seek(0)
    print(f.read())


def value_beside_a_buffer(BytesIO):
    f = BytesIO()
    f.write(b"f" * 1_000_000)
    print("alone, getvalue() is shared:", f.getvalue() is f.getvalue())
    x = f.getbuffer()
    print("beside a buffer:", f.getvalue() is f.getvalue())
    del x


def whole_read(BytesIO):
    f = BytesIO()
    f.write(b"f" * 1_000_000)
    f.seek(0)
    print("read() is what getvalue() gives:", f.read() is f.getvalue())


def upload_of_text(BytesIO):
    text = io.StringIO()
    csv.writer(text).writerows([["Test1", "Test2"], ["TestA", "TestB"]])
    upload = BytesIO(text.getvalue().encode())
    print(list(upload))
    print("read again:", upload.read())
    upload.seek(0)
    print("rewound:", upload.read())


def emoji(BytesIO):
    buffer = BytesIO()
    buffer.write(b"Hello, \xF0\x9F\x98\x8A")
    data = buffer.getvalue()
    print(data)
    print(data.decode("utf-8"))
    buffer.close()


def three_bytes_and_the_rest(BytesIO):
    buffer = BytesIO(b"\x00\x01\x02hello")
    print(buffer.read(3))
    print(buffer.read())


def context_manager(BytesIO):
    with BytesIO() as buf:
        buf.write(b"Data inside context manager")
        buf.seek(0)
        print(buf.read())
    try:
        buf.read()
    except ValueError as error:
        print(f"afterwards: {error}")


def read_write_truncate(BytesIO):
    stream = BytesIO(b"Here is some bytes data")
    print(stream.read())
    stream.write(b"new bytes")
    stream.seek(4)
    stream.write(b"over")
    stream.truncate(12)
    stream.seek(0)
    print(stream.read())


def records(BytesIO):
    stream = BytesIO()
    for number, name in ((1, b"one"), (2, b"two")):
        stream.write(struct.pack("<IB", number, len(name)) + name)
    stream.seek(0)
    while header := stream.read(5):
        number, size = struct.unpack("<IB", header)
        print(number, stream.read(size))


def queue_between_threads(BytesIO):
    streams, sizes = queue.Queue(), []
    consumer = threading.Thread(
        target=lambda: sizes.extend(len(streams.get().read()) for _ in range(3)))
    consumer.start()
    for size in (10, 200, 3000):
        streams.put(BytesIO(bytes(size)))
    consumer.join()
    print(sizes)


def verified_stream(BytesIO):
    class VerifiedStream(BytesIO):
        def verify(self):
            return zlib.crc32(self.getvalue()) == zlib.crc32(b"some data")

    stream = VerifiedStream()
    stream.write(b"some data")
    print(stream.verify())
    stream.getbuffer()[0] ^= 1
    print(stream.verify())


def middle_of_a_buffer(BytesIO):
    ba = bytearray(8)
    ba_at_4 = memoryview(ba)[4:]
    print(BytesIO(b"\x0b\x19\xae\xb2 and more").readinto(ba_at_4))
    print(bytes(ba))


def slices_of_a_view(BytesIO):
    with BytesIO(b"abcdefgh").getbuffer() as view:
        print(view[1], bytes(view[1:3]))


PROGRAMS = {
    "1: hello world": hello_world,
    "1: read() after writes": whole_read,
    "2: getvalue() with a getbuffer() lying around": value_beside_a_buffer,
    "2: CSV text for an upload, read twice": upload_of_text,
    "3: writing bytes": emoji,
    "3: reading bytes": three_bytes_and_the_rest,
    "3: a context manager": context_manager,
    "4: write, overwrite, truncate": read_write_truncate,
    "4: records": records,
    "4: a queue between threads": queue_between_threads,
    "4: VerifiedStream": verified_stream,
    "5: readinto() the middle of a buffer": middle_of_a_buffer,
    "5: items and slices of a view": slices_of_a_view,
}
