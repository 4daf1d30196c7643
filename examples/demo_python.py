"""The Python part of `./run demo`: the seeds' programs with io.BytesIO and with quire.BytesIO, side by
side, and the memory table of both beside the C++ demo's.

    demo_python.py TABLE

TABLE is what `demo --table TABLE` wrote: a row a line, columns by tabs. The package quire has to be on
the path.
"""

import contextlib
import gc
import io
import sys
import time
import tracemalloc

import quire
from seed_programs import PROGRAMS

MEBIBYTE = 1 << 20
WIDTH = 64


def measure(action):
    """Runs `action`; returns the MiB it added, as tracemalloc sees them, and its milliseconds."""
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    start = time.perf_counter()
    kept = action()
    elapsed = time.perf_counter() - start
    after, _ = tracemalloc.get_traced_memory()
    return (after - before) / MEBIBYTE, elapsed * 1000, kept


def memory_rows(BytesIO):
    """The rows of the table, in its order."""
    stream = BytesIO()
    chunk = b"X" * MEBIBYTE

    def create():
        for _ in range(50):
            stream.write(chunk)

    def read():
        stream.seek(0)
        return stream.read()

    def append():
        stream.seek(0, 2)
        stream.write(b"hello")

    def overwrite():
        stream.seek(0)
        stream.write(b"J")

    rows = [measure(create)[:2], measure(read)[:2]]
    *row, view = measure(stream.getbuffer)
    rows += [row, measure(lambda: bytes(view))[:2], measure(stream.getvalue)[:2]]
    view.release()
    *row, value = measure(stream.getvalue)
    rows += [row, measure(append)[:2]]
    del value
    *_, value = measure(stream.getvalue)
    rows += [measure(overwrite)[:2], measure(lambda: value[1024:])[:2]]
    return rows


def printed(program, BytesIO):
    """The lines that a program prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        program(BytesIO)
    return output.getvalue().splitlines()


def print_programs():
    print(f"\nThe seeds' Python programs\n\n    {'io.BytesIO':{WIDTH}}quire.BytesIO")
    for name, program in PROGRAMS.items():
        print(f"\n  {name}")
        theirs, ours = printed(program, io.BytesIO), printed(program, quire.BytesIO)
        assert len(theirs) == len(ours)
        for left, right in zip(theirs, ours):
            print(f"    {left:{WIDTH}}{right}")


def print_table(path):
    with open(path, encoding="utf-8") as file:
        table = [line.rstrip("\n").split("\t") for line in file]
    tracemalloc.start()
    measured = list(zip(memory_rows(io.BytesIO), memory_rows(quire.BytesIO)))
    assert len(measured) == len(table)
    version = ".".join(map(str, sys.version_info[:3]))
    titles = "quire, C++", "std::stringstream", f"io.BytesIO {version}", "quire, Python"
    print("\nMemory that each step adds, and its time, with 50 MiB in the stream\n")
    print(f"  {'':36}" + "".join(f"{title:>24}" for title in titles))
    for (action, *cells), python in zip(table, measured):
        numbers = [float(cell) for cell in cells]
        pairs = [numbers[:2], numbers[2:], *python]
        print(f"  {action:36}" + "".join(f"{mib:9.0f} MiB{ms:8.2f} ms" for mib, ms in pairs))


def main():
    print_programs()
    print_table(sys.argv[1])


if __name__ == "__main__":
    main()
