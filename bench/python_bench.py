#!/usr/bin/env python3
"""What streams of Python cost that are shared while they change, and the seeds' memory table: io.BytesIO
and quire.BytesIO, each row in a process of its own.

bench/python_bench.py OUTPUT.json, with the package quire on the path. Times are processor time. Writes
what tools/bench_report.py reads. QUIRE_BENCH_SMOKE: little data, no number means anything.
"""

import io
import json
import os
import subprocess
import sys
import time

import quire

SMOKE = "QUIRE_BENCH_SMOKE" in os.environ
MEBIBYTE = 1 << 20
LARGE = 2 * MEBIBYTE if SMOKE else 100 * MEBIBYTE
TABLE = 2 * MEBIBYTE if SMOKE else 50 * MEBIBYTE
REPETITIONS = 2 if SMOKE else 11
PAGE = b"y" * 4096
PEERS = {"io.BytesIO": io.BytesIO, "quire": quire.BytesIO}


def filled(BytesIO, size):
    stream = BytesIO()
    for _ in range(size // MEBIBYTE):
        stream.write(b"x" * MEBIBYTE)
    return stream


def share(stream):
    """Everything that the stream holds now, as cheaply as its class can give it."""
    return stream.snapshot() if isinstance(stream, quire.BytesIO) else stream.getvalue()


def reader(stream):
    return stream.reader() if isinstance(stream, quire.BytesIO) else io.BytesIO(stream.getvalue())


# --- workloads: each does so many rounds, and gives what it keeps ---------------------------------


def snapshot_cycles(stream, rounds):
    kept = share(stream)
    for i in range(rounds):
        stream.seek(4096 * i + 5)
        stream.write(b"y")
        kept = share(stream)
    return kept


def kept_snapshots(stream, rounds):
    kept = []
    for i in range(rounds):
        stream.seek((4096 * 7919 * i + 5) % (LARGE - 1))
        stream.write(b"y")
        kept.append(share(stream))
    return kept


def append_and_snapshot(stream, rounds):
    kept = share(stream)
    stream.seek(0, 2)
    for _ in range(rounds):
        stream.write(PAGE)
        kept = share(stream)
    return kept


def fan_out(stream, rounds):
    """Ten readers of everything, after each write."""
    readers = []
    for i in range(rounds):
        stream.seek(4096 * i + 5)
        stream.write(b"y")
        readers = [reader(stream) for _ in range(10)]
        for each in readers:
            each.read(100)
    return readers


def whole_read(stream, rounds):
    for _ in range(rounds):
        stream.seek(0, 2)
        stream.write(PAGE)
        stream.seek(0)
        stream.read()


# By name: the workload, and the rounds for io.BytesIO, if it has the memory, and for quire.
CYCLES = {
    "snapshot cycles, 100 MiB": (snapshot_cycles, 10, 1000),
    "write + kept snapshot, 100 MiB": (kept_snapshots, None, 1000),
    "append 4 KiB + snapshot, 100 MiB": (append_and_snapshot, 10, 1000),
    "write, ten reader()s, 100 MiB": (fan_out, 10, 1000),
    "write 4 KiB, read() of everything, 100 MiB": (whole_read, 10, 1000),
}


def measure_cycle(name, peer):
    workload, few, many = CYCLES[name]
    rounds = 10 if SMOKE else (many if peer == "quire" else few)
    stream = filled(PEERS[peer], LARGE)
    workload(stream, 1)  # the first snapshot moves the stream
    for _ in range(REPETITIONS):
        start = time.process_time()
        kept = workload(stream, rounds)
        yield {"seconds": (time.process_time() - start) / rounds}
        del kept


# --- the memory table: each step gets a stream and gives what it makes ----------------------------


def after_value(stream, write):
    value = stream.getvalue()
    return lambda: (value, write(stream))


def appended(stream):
    stream.seek(0, 2)
    return stream.write(b"hello")


def overwritten(stream):
    stream.seek(0)
    return stream.write(b"J")


def beside_view(stream):
    view = stream.getbuffer()
    return lambda: (view, stream.getvalue())


def snapshots(stream):
    kept = []
    for i in range(20):
        stream.seek(4096 * i)
        stream.write(b"J")
        kept.append(share(stream))
    return kept


STEPS = {
    "create, by 1 MiB": None,
    "read()": lambda stream: stream.read,
    "getbuffer()": lambda stream: stream.getbuffer,
    "getvalue()": lambda stream: stream.getvalue,
    "bytes(getbuffer())": lambda stream: lambda: bytes(stream.getbuffer()),
    "getvalue() beside a view": beside_view,
    "append after a kept getvalue()": lambda stream: after_value(stream, appended),
    "overwrite 1 B after a kept getvalue()": lambda stream: after_value(stream, overwritten),
    "20 writes and kept snapshots": lambda stream: lambda: snapshots(stream),
}


def measure_step(name, peer):
    if STEPS[name] is None:
        action = lambda: filled(PEERS[peer], TABLE)  # noqa: E731
    else:
        stream = filled(PEERS[peer], TABLE)
        stream.seek(0)
        action = STEPS[name](stream)
    with quire.track() as memory:
        start = time.process_time()
        kept = action()
        seconds = time.process_time() - start
    yield {"seconds": seconds, "extra_bytes": memory.additional_bytes, "peak_bytes": memory.peak_bytes}
    del kept


def in_own_process(kind, name, peer):
    answer = subprocess.run([sys.executable, __file__, kind, name, peer], stdout=subprocess.PIPE,
                            check=True, text=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def rows(kind, name, peer, repetitions):
    for _ in range(repetitions):
        for measured in in_own_process(kind, name, peer):
            nanoseconds = measured.pop("seconds") * 1e9
            yield {"name": f"{kind}/{name}/{peer}", "run_name": f"{kind}/{name}/{peer}",
                   "run_type": "iteration", "real_time": nanoseconds, "cpu_time": nanoseconds,
                   "time_unit": "ns", **measured}


def main():
    if len(sys.argv) == 4:
        kind, name, peer = sys.argv[1:]
        measure = measure_cycle if kind == "python" else measure_step
        for measured in measure(name, peer):
            print(json.dumps(measured))
        return
    benchmarks = []
    for name in CYCLES:
        for peer in PEERS:
            if peer == "quire" or CYCLES[name][1] is not None:
                benchmarks += rows("python", name, peer, 1)
    for name in STEPS:
        for peer in PEERS:
            benchmarks += rows("python memory", name, peer, REPETITIONS)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"context": {"python": sys.version}, "benchmarks": benchmarks}, file, indent=1)


if __name__ == "__main__":
    main()
