#!/usr/bin/env python3
"""Draws what a benchmark run measured: docs/benchmarks/<family>.png, a panel for each workload.

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

from bench_report import ROOT, Results, in_words  # noqa: E402

OURS, YARDSTICK, PEER = "#b03a2e", "#8d9aa5", "#34648c"
YARDSTICKS = ("atomic ++ --", "memcpy", "memmem", "memchr", "by hand")
COLUMNS = 3
# Beyond this many times the shortest bar, a linear scale would show one bar only.
LOGARITHMIC_FROM = 20


def colour(peer):
    if peer.startswith("quire"):
        return OURS
    return YARDSTICK if peer in YARDSTICKS or "not owned" in peer else PEER


def draw_workload(axes, title, peers):
    """Bars from the fastest down, each with its time."""
    bars = sorted(((row.time, peer) for peer, row in peers.items()), reverse=True)
    times = [time for time, _ in bars]
    axes.barh([peer for _, peer in bars], times, color=[colour(peer) for _, peer in bars])
    logarithmic = times[0] > LOGARITHMIC_FROM * times[-1]
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(times[-1] / 2, times[0] * 6)
    else:
        axes.set_xlim(0, times[0] * 1.25)
    for place, time in enumerate(times):
        axes.text(time, place, f" {in_words(time)}", va="center", fontsize=8)
    axes.set_title(title + (" (log)" if logarithmic else ""), fontsize=10, loc="left")
    axes.tick_params(axis="y", labelsize=8)
    axes.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def draw_family(family, workloads):
    rows = math.ceil(len(workloads) / COLUMNS)
    most = max(len(peers) for peers in workloads.values())
    figure, panels = plt.subplots(rows, COLUMNS, squeeze=False,
                                  figsize=(4.6 * COLUMNS, rows * (0.6 + 0.25 * most)))
    panels = list(panels.flat)
    for axes, (title, peers) in zip(panels, workloads.items()):
        draw_workload(axes, title, peers)
    for axes in panels[len(workloads):]:
        axes.set_visible(False)
    figure.suptitle(f"{family}: processor time, less is better", fontsize=12, x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.2 / figure.get_figheight()))
    return figure


def save(figure, path):
    """As few colours as it takes: these files are kept in the repository."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    plt.close(figure)
    drawn.seek(0)
    Image.open(drawn).convert("RGB").quantize(16).save(path, optimize=True)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/bench/results"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs/benchmarks"
    families = {}
    for workload, peers in Results(folder).rows.items():
        family, _, what = workload.partition("/")
        families.setdefault(family, {})[what] = peers
    target.mkdir(parents=True, exist_ok=True)
    for family, workloads in families.items():
        path = target / f"{family}.png"
        save(draw_family(family, workloads), path)
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    main()
