"""Prints the demo's memory table with a column for io.BytesIO, measured here.

    demo_python.py TABLE

TABLE is what `demo --table TABLE` wrote: a row a line, columns by tabs.
"""

import gc
import io
import sys
import time
import tracemalloc

MEBIBYTE = 1 << 20


def measure(action):
    """Runs `action`; returns the MiB it added, as tracemalloc sees them, and its milliseconds."""
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    start = time.perf_counter()
    kept = action()
    elapsed = time.perf_counter() - start
    after, _ = tracemalloc.get_traced_memory()
    return (after - before) / MEBIBYTE, elapsed * 1000, kept


def measure_bytesio():
    """The rows of the table, in its order."""
    stream = io.BytesIO()
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
    rows.append(measure(overwrite)[:2])
    return rows


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        table = [line.rstrip("\n").split("\t") for line in file]
    tracemalloc.start()
    measured = measure_bytesio()
    version = ".".join(map(str, sys.version_info[:3]))
    print("\nMemory that each step adds, and its time, with 50 MiB in the stream\n")
    print(f"  {'':36}{'quire':>24}{'std::stringstream':>24}{'io.BytesIO ' + version:>24}")
    for (action, *cells), python in zip(table, measured, strict=True):
        pairs = [(float(cells[0]), float(cells[1])), (float(cells[2]), float(cells[3])), python]
        print(f"  {action:36}" + "".join(f"{mib:9.0f} MiB{ms:8.2f} ms" for mib, ms in pairs))


if __name__ == "__main__":
    main()
