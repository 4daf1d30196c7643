#!/usr/bin/env python3
"""What a call of quire.BytesIO takes beside io.BytesIO's on the same interpreter: instructions and time.

Instructions are counted by callgrind: a loop around the statement minus an empty loop. Times are the
fastest of many loops, the two in turns; they mean something on a machine that does nothing else.
Usage: tools/python_instructions.py [--markdown] PYTHON FOLDER [OPERATION...], where FOLDER has the package
quire. Fails when the geometric mean of the instructions is above 1.05 or one operation above 1.15.
"""

import argparse
import math
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MEAN, HIGHEST = 1.05, 1.15
ROUNDS = 10000

# What is done before the loop, and in it. `data` is 100 bytes, `big` 100 lines of 100 bytes.
OPERATIONS = {
    "constructor": ("", "BytesIO(data)"),
    "read(n)": ("f = BytesIO(big * 120)", "f.read(100)"),
    "write(n)": ("f = BytesIO()", "f.write(data)"),
    "readline": ("f = BytesIO(big * 120)", "f.readline()"),
    "seek": ("f = BytesIO(data)", "f.seek(50)"),
    "tell": ("f = BytesIO(data)", "f.tell()"),
    "getvalue": ("f = BytesIO(data)", "f.getvalue()"),
    "getbuffer": ("f = BytesIO(); f.write(data)", "f.getbuffer()"),
    "iteration": ("f = BytesIO(big * 120); n = f.__next__", "n()"),
}

WORK = """
import sys
sys.path.insert(0, {folder!r})
from itertools import repeat
from time import perf_counter
data = b"x" * 99 + b"\\n"
big = data * 100
def make(BytesIO):
    def work(rounds):
        {setup}
        start = perf_counter()
        for _ in repeat(None, rounds):
            {statement}
        return perf_counter() - start
    return work
"""

COUNTED = WORK + """
from {module} import BytesIO
make(BytesIO)({rounds})
"""

TIMED = WORK + """
import io, quire
works = make(io.BytesIO), make(quire.BytesIO)
print(*(min(each) for each in zip(*([work({rounds}) for work in works] for _ in range(60)))))
"""


def run(python, program, *wrapper):
    return subprocess.run([*wrapper, python, "-S", "-E", "-c", program], capture_output=True, text=True,
                          check=True, env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"})


def instructions(python, folder, module, setup, statement, rounds):
    program = COUNTED.format(folder=str(folder), module=module, setup=setup or "pass",
                             statement=statement, rounds=rounds)
    with tempfile.TemporaryDirectory() as scratch:
        answer = run(python, program, "valgrind", "--tool=callgrind",
                     f"--callgrind-out-file={scratch}/out")
    return int(re.search(r"Collected : (\d+)", answer.stderr).group(1))


def per_call(python, folder, module, setup, statement):
    """Instructions of one call, loop included."""
    few, many = (instructions(python, folder, module, setup, statement, rounds)
                 for rounds in (100, 100 + ROUNDS))
    return (many - few) / ROUNDS


def nanoseconds(python, folder, setup, statement):
    """Of one call, the loop included: io.BytesIO's, quire's."""
    program = TIMED.format(folder=str(folder), setup=setup or "pass", statement=statement, rounds=ROUNDS)
    return [float(word) / ROUNDS * 1e9 for word in run(python, program).stdout.split()]


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("python")
    parser.add_argument("folder", type=Path)
    parser.add_argument("operations", nargs="*", default=list(OPERATIONS))
    arguments = parser.parse_args()
    python, folder, names = arguments.python, arguments.folder.resolve(), arguments.operations

    jobs = [("quire", "", "pass")]
    jobs += [(module, *OPERATIONS[name]) for name in names for module in ("io", "quire")]
    # The first import compiles the package.
    instructions(python, folder, "quire", "", "pass", 1)
    with ThreadPoolExecutor(2) as pool:
        empty, *counts = pool.map(lambda job: per_call(python, folder, *job), jobs)
    times = [nanoseconds(python, folder, *OPERATIONS[name]) for name in names]

    form, rule = "{:12} {:>12} {:>8} {:>7} {:>10} {:>8} {:>7}", ""
    if arguments.markdown:
        form, rule = "| {} | {} | {} | {} | {} | {} | {} |", "|---|--:|--:|--:|--:|--:|--:|"
    print(form.format("call", "instructions", "quire", "ratio", "time", "quire", "ratio"))
    if rule:
        print(rule)
    ratios, time_ratios = [], []
    for name, theirs, ours, (their_time, our_time) in zip(names, counts[::2], counts[1::2], times):
        ratios.append((ours - empty) / (theirs - empty))
        time_ratios.append(our_time / their_time)
        print(form.format(name, f"{theirs - empty:.0f}", f"{ours - empty:.0f}", f"{ratios[-1]:.3f}",
                          f"{their_time:.1f} ns", f"{our_time:.1f} ns", f"{time_ratios[-1]:.2f}"))
    print(form.format("mean", "", "", f"{mean(ratios):.3f}", "", "", f"{mean(time_ratios):.2f}"))
    return 1 if mean(ratios) > MEAN or max(ratios) > HIGHEST else 0


if __name__ == "__main__":
    sys.exit(main())
