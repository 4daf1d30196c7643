#!/usr/bin/env python3
"""Writes what a benchmark run measured into README.md and docs/benchmarks.md.

Reads the same files as tools/bench_report.py. Only what stands between two comments changes:

    <!-- measured: KIND WORKLOAD; WORKLOAD ... -->
    ...
    <!-- end -->

A WORKLOAD is a name or a pattern of the shell. Where a run has none of them, such as those of 4 GiB
that only the nightly run measures, what is there stays, and so does a target. The kinds:

    targets  all of them; no workloads
    counted  a small stream's life, counted; no workloads
    tables   a table for each workload, a line for each peer
    beside   one table for all of them, a line for each peer of each
    grid     one table, a line for each workload, a column for each peer; with the pattern's part
             before the first `*` left out. `grid [PEER; PEER]` chooses the columns
    rows     a grid whose lines have names: below `rows PEER; PEER` a line `WORKLOAD = NAME` for
             each; `each WORKLOAD` is the time of one operation

Usage: tools/bench_document.py [FOLDER [FILE...]]
"""

import re
import sys
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from pathlib import Path

from bench_report import HEAD, MIB, ROOT, Results, cells, in_words, targets

REGION = re.compile(r"(<!-- measured: (\w+)(.*?)-->\n).*?(<!-- end -->)", re.DOTALL)
NOT_MEASURED = re.compile(r".*\| not measured \|$").match
TAG = re.compile(r"<(?=[a-zA-Z])")


def table(head, lines):
    """Markdown, without the columns that are empty; the first one holds words."""
    used = [i for i in range(len(head)) if i == 0 or any(line[i] for line in lines)]

    def row(cells_of_line):
        return "| " + " | ".join(TAG.sub(r"\\<", cells_of_line[i]) for i in used) + " |"

    yield row(head)
    yield "|---" + "|--:" * (len(used) - 1) + "|"
    yield from map(row, lines)


def matching(results, pattern):
    """(workload, what stands for the pattern's stars) in the order in which they were measured."""
    start = pattern.partition("*")[0] if "*" in pattern else ""
    for workload in results.rows:
        if fnmatchcase(workload, pattern.replace("[", "[[]")):
            yield workload, workload[len(start):]


def split(words):
    return [word.strip() for word in words.split(";") if word.strip()]


def tables(results, words):
    for pattern in split(words):
        for workload, _ in matching(results, pattern):
            family, _, what = workload.partition("/")
            yield f"**{family}: {what}**\n"
            yield from table(HEAD, list(cells(results.rows[workload])))
            yield ""


def beside(results, words):
    lines = []
    for pattern in split(words):
        for workload, _ in matching(results, pattern):
            names = iter([workload.replace("/", ": ")])
            lines += [[next(names, ""), *line] for line in cells(results.rows[workload])]
    if lines:
        yield from table(["", *HEAD], lines)


def cell(row, each=False):
    if row is None:
        return ""
    time = in_words(row.time / row.items if each else row.time)
    if "extra_bytes" not in row.notes:
        return time
    extra = row.note("extra_bytes") / MIB
    return f"{time}, {extra:.0f} MiB" if abs(extra) >= 9.95 else f"{time}, {extra:.1f} MiB"


def grid(results, words):
    chosen = re.match(r"\s*\[(.*?)\]", words)
    lines = [line for pattern in split(words[chosen.end():] if chosen else words)
             for line in matching(results, pattern)]
    if not lines:
        return
    peers = split(chosen[1]) if chosen else list(
        dict.fromkeys(peer for workload, _ in lines for peer in results.rows[workload]))
    ours_first = sorted(peers, key=lambda peer: not peer.startswith("quire"))
    yield from table(["", *ours_first],
                     [[name] + [cell(results.rows[workload].get(peer)) for peer in ours_first]
                      for workload, name in lines])


def rows(results, words):
    peers, *lines = words.strip().split("\n")
    peers = split(peers)
    printed = []
    for line in lines:
        workload, _, name = line.partition(" = ")
        each = workload.startswith("each ")
        measured = results.rows.get(workload.removeprefix("each "))
        if measured is None:
            return
        printed.append([name] + [cell(measured.get(peer), each) for peer in peers])
    yield from table(["", *peers], printed)


def print_targets(results, _):
    lines = []
    for target in targets(results):
        met, words = target.check(results)
        measured, limit, *missing = [word.strip() for word in re.split(r"  +", words.strip())]
        verdict = "met" if met else "**missed**" if met is not None else "not measured"
        lines.append([target.name, measured, limit, verdict])
    yield from table(["what", "measured", "limit", "result"], lines)


def counted(results, _):
    if results.counted:
        yield from table(["peer", "instructions", "allocations"],
                         [[name, f"{counts['instructions']:.0f}", f"{counts['allocations']:g}"]
                          for name, counts in results.counted.items()])


KINDS = {"targets": print_targets, "counted": counted, "tables": tables, "beside": beside,
         "grid": grid, "rows": rows}


def keeping_unmeasured(lines, before):
    """Where a run did not measure all targets, those that it has nothing of as they were."""
    lines = list(lines)
    if not any(map(NOT_MEASURED, lines)):
        return lines
    was = [line for line in before.split("\n") if line.startswith("|")]
    merged = []
    changes = SequenceMatcher(None, *([line.split(" | ")[0] for line in side]
                                      for side in (was, lines)), autojunk=False)
    for change, first, last, start, end in changes.get_opcodes():
        if change == "equal":
            merged += [old if NOT_MEASURED(new) else new
                       for old, new in zip(was[first:last], lines[start:end])]
        else:
            merged += was[first:last] + lines[start:end]
    return merged


def documented(text, results):
    """`text` with its measured parts as `results` has them."""
    def written(region):
        start, kind, words, end = region.groups()
        lines = KINDS[kind](results, words)
        if kind == "targets":
            lines = keeping_unmeasured(lines, region[0])
        lines = "\n".join(lines).strip()
        return f"{start}{lines}\n{end}" if lines else region[0]
    return REGION.sub(written, text)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/bench/results"
    files = [Path(name) for name in sys.argv[2:]] or [ROOT / "README.md",
                                                      ROOT / "docs/benchmarks.md"]
    results = Results(folder)
    for error in results.errors:
        print(f"error: {error}")
    if results.errors:
        return 1
    for path in files:
        path.write_text(documented(path.read_text(encoding="utf-8"), results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
