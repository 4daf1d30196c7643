#!/usr/bin/env python3
"""Prints what a benchmark run measured: a table for each workload, then the targets.

Reads the *.json that the programs of bench/ and tools/small_life.py left in a folder. A row is
named family/workload/peer. Times are processor time, the median of the repetitions; `spread` is
half the way from the 10th to the 90th percentile. Fails when a target is missed.
Usage: tools/bench_report.py [--smoke] [FOLDER]
  --smoke  times prove nothing: fail only when a benchmark is absent or went wrong
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Counters that a row may tell besides its time.
NOTES = ("_bytes", "_seconds", "kept", "streams")
MIB = 1 << 20
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


class Row:
    """One peer at one workload."""

    def __init__(self):
        self.times = []  # nanoseconds of one iteration, one for each repetition
        self.items = 1  # how many operations an iteration is
        self.notes = {}  # other numbers that it told, by name

    @property
    def time(self):
        return statistics.median(self.times)

    def note(self, name):
        """The median; raises KeyError where it told no such number."""
        return statistics.median(self.notes[name])

    @property
    def spread(self):
        """As a fraction of the median; None for too few repetitions to say."""
        if len(self.times) < 3:
            return None
        deciles = statistics.quantiles(self.times, n=10, method="inclusive")
        return (deciles[-1] - deciles[0]) / 2 / self.time


class Results:
    """Everything in a folder: `rows[workload][peer]` and what small_life counted."""

    def __init__(self, folder):
        self.rows, self.errors, self.missing_peers, self.counted = {}, [], set(), {}
        files = sorted(folder.glob("*.json"))
        for path in files:
            try:
                content = json.loads(path.read_text(encoding="utf-8"))
            except json.JSONDecodeError:
                self.errors.append(f"{path.name}: cut off")
                continue
            if "counted" in content:
                self.counted.update(content["counted"])
            self.missing_peers.update(content.get("context", {}).get("peers_not_built", "").split())
            for benchmark in content.get("benchmarks", []):
                self.add(benchmark, timed=not path.name.endswith(".moved.json"))
        if not files:
            self.errors.append(f"no results in {folder}")

    def add(self, benchmark, timed=True):
        """A run that was not timed tells only what it moved, of rows that were timed before."""
        name = benchmark["run_name"]
        family, workload, peer = name.split("/")[:3]
        if benchmark.get("error_occurred"):
            self.errors.append(f"{name}: {benchmark['error_message']}")
            return
        if benchmark["run_type"] != "iteration":
            return
        workload = f"{family}/{workload}"
        if not timed:
            if peer in self.rows.get(workload, {}):
                self.rows[workload][peer].notes["moved_bytes"] = [benchmark["moved_bytes"]]
            return
        row = self.rows.setdefault(workload, {}).setdefault(peer, Row())
        # A row that times itself leaves its processor time as `real_time`.
        clock = "real_time" if "/manual_time" in name else "cpu_time"
        time = benchmark[clock] * NANOSECONDS[benchmark["time_unit"]]
        row.times.append(time)
        for key, value in benchmark.items():
            if key.endswith(NOTES) or key.startswith("curve_"):
                row.notes.setdefault(key, []).append(value)
        row.items = max(1, round(benchmark.get("items_per_second", 0) * time / 1e9))

    def time(self, workload, peer):
        """Raises KeyError where there is no such row."""
        return self.rows[workload][peer].time

    def note(self, workload, peer, name):
        return self.rows[workload][peer].note(name)


class Target:
    """What must be reached: `measure(results)` compared with a limit."""

    def __init__(self, name, measure, limit, unit="", at_least=False):
        self.name, self.measure, self.limit = name, measure, limit
        self.unit, self.at_least = unit, at_least

    def check(self, results):
        """(met, the words for the table); met is None where nothing was measured."""
        bound = f"{'>=' if self.at_least else '<='} {self.limit:g}{self.unit}"
        try:
            value = self.measure(results)
        except KeyError as absent:
            return None, f"{'-':>9}  {bound:<9}  no result for {absent}"
        met = value >= self.limit if self.at_least else value <= self.limit
        return met, f"{value:>8.2f}{self.unit or ' '}  {bound:<9}"


def ratio(workload, peer, over):
    return lambda results: results.time(workload, peer) / results.time(workload, over)


def of_kind(results, start):
    """The workloads there are of a kind that is measured at several sizes."""
    return [name for name in results.rows if name.startswith(start) and "," not in name]


def least_ratio(workload, peers):
    """quire's time over that of the fastest of the peers."""
    return lambda results: results.time(workload, "quire") / min(
        results.time(workload, peer) for peer in peers)


def faster(what, workload, peer, limit, by="quire"):
    return Target(f"{what}: times as fast as {peer}", ratio(workload, peer, over=by), limit, "x",
                  at_least=True)


def milliseconds(workload, peer):
    return lambda results: results.time(workload, peer) / 1e6


def mebibytes(workload, peer, name="extra_bytes"):
    return lambda results: results.note(workload, peer, name) / MIB


def powers_of_two(first, last):
    """Their names as bench.h's size_name() makes them."""
    size = first
    while size <= last:
        yield f"{size >> 20} MiB" if size >= MIB else f"{size >> 10} KiB"
        size *= 2


def storage_targets():
    yield faster("100 B appends", "append/100 B", "io.BytesIO", 2.5)
    yield faster("100 B appends", "append/100 B", "QBuffer", 2.5)
    yield faster("100 B appends", "append/100 B", "std::stringstream", 3)
    yield faster("100 B appends", "append/100 B", "std::string", 3)
    yield Target("100 B appends, over absl::Cord",
                 ratio("append/100 B", "quire", over="absl::Cord"), 1, "x")
    yield faster("1 MiB appends", "append/1 MiB", "std::string", 2)
    yield faster("1 MiB appends", "append/1 MiB", "io.BytesIO", 1.5)
    for size in powers_of_two(4 << 10, 64 * MIB):
        yield Target(f"build {size}, drop, over the faster of realloc and io.BytesIO",
                     least_ratio(f"build/{size} loop", ("realloc x1.5", "io.BytesIO")), 1.1, "x")
    # The first mapping of a process has costs that the next ones have not.
    for size in powers_of_two(4 << 10, 64 * MIB):
        yield Target(f"build {size} once a process, more than 1.1 x the faster of the two",
                     lambda results, cold=f"build/{size} cold": (
                         results.time(cold, "quire") - 1.1 * min(
                             results.time(cold, peer) for peer in ("realloc x1.5", "io.BytesIO")))
                     / 1e3, 100, "us")
    for size in powers_of_two(4 << 10, 64 * MIB):
        yield Target(f"getvalue, 1 B, read all {size}, over a copy",
                     ratio(f"share and read/{size}", "quire", over="a copy"), 1.1, "x")
    for size in powers_of_two(4 << 10, 64 * MIB):
        yield Target(f"the same the first time, {size}, over a copy the first time",
                     ratio(f"share and read/{size}", "quire first time", over="a copy first time"),
                     1.1, "x")
    write = "write/1 B after getvalue, 100 MiB"
    yield Target("write 1 B after getvalue, 100 MiB, first, over a copy",
                 ratio(write, "quire", over="a copy"), 1.3, "x")
    yield Target("the same: more memory, at the most", mebibytes(write, "quire", "peak_bytes"), 8,
                 "MiB")
    for peer in ("quire paged", "quire second time"):
        yield Target(f"write 1 B after getvalue, 100 MiB, {peer}",
                     lambda results, peer=peer: results.time(write, peer) / 1e3, 100, "us")
        yield Target(f"the same, {peer}: more memory", mebibytes(write, peer), 1 / 16, "MiB")
    scattered = "write/1000 x 1 B after one getvalue, 100 MiB"
    # To be four times as fast as a copy. The first time, but for streams that are paged from birth, all
    # bytes move, which may take 1.3 copies; the writes are a fourth of one.
    yield Target("1,000 x 1 B after one getvalue, 100 MiB, first, over a copy",
                 ratio(scattered, "quire", over="a copy"), 1.3 + 0.25, "x")
    for peer in ("quire paged", "quire second time"):
        yield faster(f"1,000 x 1 B after one getvalue, 100 MiB, {peer}", scattered, "a copy", 4,
                     by=peer)
    for peer in ("quire", "quire paged", "quire second time"):
        yield Target(f"1,000 x 1 B after one getvalue, 100 MiB, {peer}: more memory, at the most",
                     mebibytes(scattered, peer, "peak_bytes"), 8, "MiB")
    kept = "snapshots/1000 kept, 100 MiB"
    for peer in ("quire", "quire paged"):
        yield Target(f"1,000 snapshots kept, {peer}: the median round",
                     lambda results, peer=peer: results.note(kept, peer, "median_seconds") * 1e3,
                     0.5, "ms")
        yield Target(f"1,000 snapshots kept, {peer}: all together",
                     lambda results, peer=peer: results.time(kept, peer) / 1e9, 1, "s")
        yield Target(f"1,000 snapshots kept, {peer}: memory for each",
                     lambda results, peer=peer: results.note(kept, peer, "extra_bytes")
                     / results.note(kept, peer, "kept") / MIB, 1, "MiB")
    dropped = "snapshots/dropped before the write, 100 MiB"
    yield Target("snapshots dropped before the write: a round",
                 lambda results: results.time(dropped, "quire"), 200, "ns")
    yield Target("the same: copied", mebibytes(dropped, "quire", "copied_bytes"), 0, "MiB")
    for how in ("one write", "writes of 1 MiB"):
        for peer in ("quire", "quire paged", "quire second time"):
            yield Target(f"rewrite all by {how}, 100 MiB, {peer}, over a copy",
                         ratio(f"rewrite/{how}, 100 MiB", peer, over="a copy"), 1.3, "x")
    view = "view/getvalue beside a writable view, 100 MiB"
    yield Target("getvalue beside a view, 100 MiB, first, over a copy",
                 ratio(view, "quire", over="a copy"), 1.3, "x")
    yield Target("the same: more memory, at the most", mebibytes(view, "quire", "peak_bytes"), 8,
                 "MiB")
    for peer in ("quire paged", "quire second time"):
        yield Target(f"getvalue beside a view, 100 MiB, {peer}", milliseconds(view, peer), 4, "ms")
        yield Target(f"the same, {peer}: more memory, at the most",
                     mebibytes(view, peer, "peak_bytes"), 8, "MiB")
    log = "log/{} x append 4 KiB, getvalue"
    for peer in ("io.BytesIO", "QBuffer"):
        yield faster("2,000 x append, getvalue", "append/4 KiB + getvalue", peer, 100)
    yield Target("10,000 x append, getvalue, over five times 2,000",
                 lambda results: results.time(log.format(10000), "quire")
                 / results.time(log.format(2000), "quire") / 5, 1.5, "x")
    yield Target("10,000 values kept: memory over the data",
                 lambda results: results.note(log.format(10000), "quire all kept", "extra_bytes")
                 / results.note(log.format(10000), "quire all kept", "data_bytes"), 1.5, "x")
    for size in ("64 KiB", "1 MiB", "100 MiB"):
        reads = f"log/read 100 B kept, overwrite, {size}"
        yield Target(f"read kept, overwrite, {size}, over io.BytesIO",
                     ratio(reads, "quire", over="io.BytesIO"), 2, "x")
        yield Target(
            "the same: memory over two blocks and twice the bytes read",
            lambda results, reads=reads: (
                results.note(reads, "quire", "extra_bytes")
                + results.note(reads, "quire", "block_bytes"))
            / 2 / (results.note(reads, "quire", "block_bytes")
                   + results.note(reads, "quire", "read_bytes")), 1, "x")
    for rest in ("1000 of 300 KiB", "100 of 3 MiB", "1 of 50 MiB"):
        for peer in ("quire", "quire by 100 B"):
            yield Target(f"memory at rest, {rest} ({peer}), over 1.05 x data + 64 KiB each",
                         lambda results, rest=rest, peer=peer: at_rest(results, rest, peer), 1, "x")


def at_rest(results, rest, peer):
    row = results.rows[f"rest/{rest}"][peer]
    return row.note("extra_bytes") / (1.05 * row.note("data_bytes")
                                      + (64 << 10) * row.note("streams"))


def python_targets():
    kept = "write + kept snapshot, 100 MiB"
    yield Target(f"Python: {kept}, 1,000 times",
                 lambda results: results.time(f"python/{kept}", "quire") * 1000 / 1e9, 1, "s")
    for workload in ("snapshot cycles, 100 MiB", "append 4 KiB + snapshot, 100 MiB",
                     "write, ten reader()s, 100 MiB", "write 4 KiB, read() of everything, 100 MiB"):
        yield faster(f"Python: {workload}", f"python/{workload}", "io.BytesIO", 100)


def adapter_targets():
    for name in ("crc32", "xxh3", "sha256"):
        hashed = f"hash/read and {name}"
        yield Target(f"{name} of what is read, over the library alone",
                     ratio(hashed, "quire", over="the library alone"), 1.2, "x")
        yield Target("the same: copied", mebibytes(hashed, "quire", "copied_bytes"), 0.001, "MiB")
    for workload, peer in (("<< 1e6 ints, value", "std::stringstream"),
                           (">> 1e6 ints", "std::stringstream"),
                           ("getline, 100 B lines of bytes at hand", "std::stringstream"),
                           ("getline, 100 B lines of a file", "std::ifstream")):
        yield Target(f"{workload}, over {peer}",
                     ratio(f"iostream/{workload}", "quire", over=peer), 1, "x")
    yield Target("fprintf 1e6 ints, over open_memstream",
                 ratio("cfile/fprintf 1e6 ints, value", "quire", over="open_memstream"), 1.1, "x")
    for workload, peer, limit in (("asio/64 MiB to an operation that owns them", "a shared string", 1),
                                  ("asio/64 MiB received to the end", "std::string", 1.05),
                                  ("beast/a body of 64 MiB received", "string_body", 1.05),
                                  ("beast/a body of 64 MiB sent", "string_body", 1),
                                  ("beast/a body of 64 MiB sent", "file_body", 1),
                                  ("curl/64 MiB downloaded", "std::string", 1.05),
                                  ("curl/64 MiB uploaded", "std::string", 1.05)):
        yield Target(f"{workload}, over {peer}", ratio(workload, "quire", over=peer), limit, "x")
    for workload in ("asio/64 MiB to an operation that owns them", "beast/a body of 64 MiB sent"):
        yield Target(f"{workload}: copied", mebibytes(workload, "quire", "copied_bytes"), 0.001, "MiB")
    for workload, peer in (("64 MiB of a stream", "a buffer"),
                           ("64 MiB in pieces of 1000 B", "joined first"),
                           ("64 MiB of a file", "a buffer")):
        yield Target(f"sending {workload}, over {peer}",
                     ratio(f"socket/{workload}", "quire", over=peer), 1, "x")
    for workload, peer in (("gzip/write", "a buffer"), ("gzip/read", "a buffer"),
                           ("zstd/write", "a buffer"), ("zstd/read", "a buffer"),
                           ("lz4/write", "all at once"), ("lz4/read", "a buffer"),
                           ("sodium/write", "a buffer"), ("sodium/read", "a buffer")):
        yield Target(f"{workload} 16 MiB, over {peer}",
                     ratio(f"{workload} 16 MiB", "quire", over=peer), 1.05, "x")
    for workload, peer, limit in (("protobuf/write 100000 delimited, value", "std::string", 1.1),
                                  ("protobuf/read 100000 delimited", "ArrayInputStream", 1.1),
                                  ("sqlite/insert 16 x 4 MiB", "SQLITE_TRANSIENT", 1),
                                  ("sqlite/select 16 x 4 MiB", "std::string", 1),
                                  ("zip/write 8 x 4 MiB, value", "zip_source_buffer", 1),
                                  ("zip/read 8 x 4 MiB", "zip_source_buffer", 1.5),
                                  ("image/decode JPEG", "jpeg_mem_src", 1.05),
                                  ("image/encode JPEG", "jpeg_mem_dest", 1.05),
                                  ("image/encode PNG", "png_image", 1.1)):
        yield Target(f"{workload.replace('/', ': ')}, over {peer}",
                     ratio(workload, "quire", over=peer), limit, "x")


def targets(results):
    yield from storage_targets()
    yield from python_targets()
    yield from adapter_targets()
    yield Target("copy + drop, over an atomic increment and decrement",
                 ratio("share/copy + drop", "quire", over="atomic ++ --"), 1.15, "x")
    for size in ("64 B", "1 KiB"):
        yield Target(f"slice of {size}, over an atomic increment and decrement",
                     ratio(f"share/slice {size}", "quire", over="atomic ++ --"), 1.4, "x")
    for workload in of_kind(results, "share/slice half of "):
        yield Target(f"{workload.removeprefix('share/')}, over an atomic increment and decrement",
                     ratio(workload, "quire", over="atomic ++ --"), 1.4, "x")
    for workload in of_kind(results, "clone/") or ["clone/1 KiB"]:
        yield Target(f"{workload.replace('/', ' of ')}, over the copy of an absl::Cord",
                     ratio(workload, "quire", over="absl::Cord"), 2, "x")
    for workload in of_kind(results, "getvalue/") or ["getvalue/1 KiB"]:
        yield Target(f"{workload.replace('/', ' of ')} + drop, more than copy + drop",
                     lambda results, workload=workload: results.time(workload, "quire")
                     - results.time(workload, "quire copy + drop"), 3, "ns")
    for what, yardstick in (("8 B in noise", "memmem"), ("8 B in words", "memmem"),
                            ("8 B absent", "memmem"), ("1 B in noise", "memchr")):
        yield Target(f"find {what}, over {yardstick}",
                     ratio(f"find/{what}", "quire", over=yardstick), 1.1, "x")
    for workload in of_kind(results, "find/8 B at the end of "):
        yield Target(f"{workload.replace('/', ' ')}, over memmem",
                     ratio(workload, "quire", over="memmem"), 1.1, "x")
    for workload in of_kind(results, "append/1 MiB up to "):
        for peer in ("std::string", "std::stringstream"):
            yield Target(f"{workload.replace('/', ' ')}, over {peer}",
                         ratio(workload, "quire", over=peer), 1, "x")
    for peer in ("quire", "quire for"):
        yield Target(f"lines ({peer}), over std::getline",
                     ratio("lines/100 B as values", peer, over="std::getline"), 1, "x")
    yield Target("a small stream's life, instructions over make_shared<string>'s",
                 lambda results: results.counted["quire"]["instructions"]
                 / results.counted["shared_ptr"]["instructions"], 1.2, "x")
    yield Target("a small stream's life, allocations",
                 lambda results: results.counted["quire"]["allocations"], 1)


def print_targets(results):
    """Returns whether all are met, and whether all could be checked."""
    all_met = all_there = True
    for target in targets(results):
        met, words = target.check(results)
        print(f"{'met   ' if met else 'MISSED'}  {words}  {target.name}")
        all_met = all_met and bool(met)
        all_there = all_there and met is not None
    return all_met, all_there


def in_words(nanoseconds):
    for unit in ("ms", "us"):
        if nanoseconds >= NANOSECONDS[unit]:
            return f"{nanoseconds / NANOSECONDS[unit]:.3g} {unit}" if (
                nanoseconds < 1e3 * NANOSECONDS[unit]) else f"{nanoseconds / 1e6:.0f} ms"
    return f"{nanoseconds:.3g} ns"


def in_times(factor):
    if factor >= 100:
        return f"{factor:,.0f}"
    return f"{factor:.2f}" if factor >= 0.095 else f"{factor:.2g}"


def cells(peers):
    """The lines of a workload's table."""
    ours = peers["quire"].time if "quire" in peers else None
    for peer, row in peers.items():
        spread = "" if row.spread is None else f"{row.spread:.0%}"
        each = in_words(row.time / row.items) if row.items > 1 else ""
        memory, moved = (f"{row.note(name) / MIB:.1f} MiB" if name in row.notes else ""
                         for name in ("extra_bytes", "moved_bytes"))
        yield (peer, in_words(row.time), each, in_times(row.time / ours) if ours else "", spread,
               memory, moved)


HEAD = ("peer", "time", "each", "x quire", "spread", "memory", "moved")


def print_tables(results):
    for workload, peers in results.rows.items():
        family, _, what = workload.partition("/")
        print(f"\n{family}: {what}")
        for line in (HEAD, *cells(peers)):
            print("  {:<22} {:>9} {:>9} {:>9} {:>7} {:>11} {:>11}".format(*line))


def print_counted(results):
    for name, counts in results.counted.items():
        print(f"  {name:<12} {counts['instructions']:8.1f} instructions "
              f"{counts['allocations']:5.2f} allocations")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build/bench/results")
    arguments = parser.parse_args()

    results = Results(arguments.folder)
    print_tables(results)
    if results.counted:
        print("\na small stream's life, counted")
        print_counted(results)
    print("\ntargets")
    all_met, all_there = print_targets(results)
    for error in results.errors:
        print(f"error: {error}")
    if results.missing_peers:
        print(f"not built: {' '.join(sorted(results.missing_peers))}")
    if results.errors:
        return 1
    if arguments.smoke:
        return 0 if all_there else 1
    return 0 if all_met and not results.missing_peers else 1


if __name__ == "__main__":
    sys.exit(main())
