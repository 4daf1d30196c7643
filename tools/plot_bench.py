#!/usr/bin/env python3
"""Draws what a benchmark run measured: docs/benchmarks/<family>.png, a panel for each workload;
table-memory.png, the memory of the seeds' table, and the curve of the snapshots that are kept.

Reads the same files as tools/bench_report.py. Usage: tools/plot_bench.py [FOLDER [TARGET]]
"""

import io
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402: the backend has to be chosen first
from PIL import Image  # noqa: E402

from bench_report import MIB, ROOT, Results, in_words  # noqa: E402

OURS, YARDSTICK, PEER = "#b03a2e", "#8d9aa5", "#34648c"
YARDSTICKS = ("atomic ++ --", "memcpy", "memmem", "memchr", "by hand", "a copy",
              "a warm copy")
COLUMNS = 3
# Beyond this many times the shortest bar, a linear scale would show one bar only.
LOGARITHMIC_FROM = 20


def colour(peer):
    if peer.startswith("quire"):
        return OURS
    return YARDSTICK if peer in YARDSTICKS or "not owned" in peer else PEER


def draw_workload(axes, title, values, words):
    """Bars from the least down, each with its value; `values` are (value, peer)."""
    bars = sorted(values, reverse=True)
    sizes = [size for size, _ in bars]
    axes.barh([peer for _, peer in bars], sizes, color=[colour(peer) for _, peer in bars])
    logarithmic = 0 < sizes[-1] and sizes[0] > LOGARITHMIC_FROM * sizes[-1]
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(sizes[-1] / 2, sizes[0] * 6)
    else:
        axes.set_xlim(0, max(sizes[0], 1) * 1.25)
    for place, size in enumerate(sizes):
        axes.text(max(size, 0), place, f" {words(size)}", va="center", fontsize=8)
    axes.set_title(title + (" (log)" if logarithmic else ""), fontsize=10, loc="left")
    axes.tick_params(axis="y", labelsize=8)
    axes.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def draw_family(title, workloads, words):
    """`workloads` are {name: [(value, peer), ...]}."""
    rows = math.ceil(len(workloads) / COLUMNS)
    most = max(len(values) for values in workloads.values())
    figure, panels = plt.subplots(rows, COLUMNS, squeeze=False,
                                  figsize=(4.6 * COLUMNS, rows * (0.6 + 0.25 * most)))
    panels = list(panels.flat)
    for axes, (name, values) in zip(panels, workloads.items()):
        draw_workload(axes, name, values, words)
    for axes in panels[len(workloads):]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize=12, x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.2 / figure.get_figheight()))
    return figure


def times(workloads):
    return {name: [(row.time, peer) for peer, row in peers.items()]
            for name, peers in workloads.items()}


def memory(workloads):
    return {name: [(row.note("extra_bytes"), peer) for peer, row in peers.items()]
            for name, peers in workloads.items()}


def draw_curve(peers):
    """The mean time of each twentieth of the rounds in which snapshots were kept."""
    figure, axes = plt.subplots(figsize=(6, 3))
    for peer, row in peers.items():
        points = sorted(name for name in row.notes if name.startswith("curve_"))
        rounds = row.note("kept") / len(points)
        axes.plot([(i + 1) * rounds for i in range(len(points))],
                  [row.note(name) * 1e3 for name in points], label=peer)
    axes.set_xlabel("snapshots kept")
    axes.set_ylabel("ms a round")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.tight_layout()
    return figure


def save(figure, path):
    """As few colours as it takes: these files are kept in the repository."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    plt.close(figure)
    drawn.seek(0)
    Image.open(drawn).convert("RGB").quantize(16).save(path, optimize=True)


def drawn(families):
    """The pictures, by name."""
    for family, workloads in families.items():
        yield family, draw_family(f"{family}: processor time, less is better", times(workloads),
                                  in_words)
    yield "table-memory", draw_family("table: memory, less is better", memory(families["table"]),
                                      lambda size: f"{size / MIB:.1f} MiB")
    yield "snapshots-curve", draw_curve(families["snapshots"]["1000 kept, 100 MiB"])


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/bench/results"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/benchmarks"
    families = {}
    for workload, peers in Results(folder).rows.items():
        family, _, what = workload.partition("/")
        families.setdefault(family, {})[what] = peers
    target.mkdir(parents=True, exist_ok=True)
    for name, figure in drawn(families):
        path = target / f"{name}.png"
        save(figure, path)
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    main()
