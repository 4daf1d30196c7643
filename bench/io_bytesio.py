#!/usr/bin/env python3
"""io.BytesIO's rows: bench/io_bytesio.py FUNCTION COUNT NUMBER... prints the seconds of processor
time that COUNT repetitions took, and whatever else was measured, as lines of `name value`.
"""

import io
import random
import sys
import time
from pathlib import Path


def timed(body):
    start = time.process_time()
    kept = body()
    print("seconds", time.process_time() - start)
    return kept


def memory():
    """Anonymous memory in bytes."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    return 0


def fill(size, piece):
    stream = io.BytesIO()
    write = stream.write
    for _ in range(size // len(piece)):
        write(piece)
    return stream


def build(count, size, piece_size):
    """Build and drop, again and again."""
    piece = b"x" * min(size, piece_size)
    for _ in range(3):
        fill(size, piece)

    def body():
        for _ in range(count):
            fill(size, piece)
    timed(body)


def build_once(count, size, piece_size):
    """A process builds once; COUNT is 1."""
    assert count == 1
    piece = b"x" * min(size, piece_size)
    timed(lambda: fill(size, piece))


def append_getvalue(count, rounds, piece_size):
    """The value before is dropped only after."""
    piece = b"x" * piece_size

    def body():
        for _ in range(count):
            stream = io.BytesIO()
            value = stream.getvalue()
            for _ in range(rounds):
                stream.write(piece)
                value = stream.getvalue()
            del value
    timed(body)


def read_overwrite(count, size, rounds):
    """Reads 100 B that are kept, overwrites 100 B elsewhere."""
    assert count == 1
    stream = io.BytesIO(bytes(size))
    stream.write(b"y")  # a stream over shared bytes copies them first: not what is timed
    place = random.Random(7)
    places = [place.randrange(size - 100) for _ in range(2 * rounds)]
    piece = b"z" * 100
    before = memory()

    def body():
        kept = []
        for i in range(rounds):
            stream.seek(places[2 * i])
            kept.append(stream.read(100))
            stream.seek(places[2 * i + 1])
            stream.write(piece)
        return kept
    kept = timed(body)
    print("extra_bytes", memory() - before)
    del kept


def table(count, size, step):
    """A line of the seeds' table: what each step costs, in time and memory."""
    assert count == 1
    content = b"x" * (1 << 20)

    def create():
        stream = io.BytesIO()
        for _ in range(size >> 20):
            stream.write(content)
        return stream

    def measured(body):
        before = memory()
        kept = timed(body)
        print("extra_bytes", memory() - before)
        return kept

    if step == 0:
        return measured(create)
    stream = create()
    if step == 1:
        stream.seek(0)
        return measured(stream.read)
    if step == 2:
        return measured(stream.getbuffer)
    if step == 3:
        return measured(stream.getvalue)
    if step == 4:
        view = stream.getbuffer()
        return measured(lambda: bytes(view))
    if step == 5:
        value = stream.getvalue()
        stream.seek(size // 2)
        return measured(lambda: stream.write(b"y")), value
    if step == 6:
        view = stream.getbuffer()
        return measured(stream.getvalue), view
    value = stream.getvalue()
    return measured(lambda: value[1024:])


def main():
    kept = globals()[sys.argv[1]](*map(int, sys.argv[2:]))
    sys.stdout.flush()
    del kept


if __name__ == "__main__":
    main()
