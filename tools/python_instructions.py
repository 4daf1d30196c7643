#!/usr/bin/env python3
"""How many instructions a call of quire.BytesIO takes, beside io.BytesIO's on the same interpreter.

Counted by callgrind: a loop around the statement minus an empty loop. Usage:
tools/python_instructions.py PYTHON FOLDER [OPERATION...], where FOLDER has the package quire. Prints a
table and the geometric mean; fails when the mean is above 1.05 or an operation above 1.15.
"""

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

PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from itertools import repeat
from {module} import BytesIO
data = b"x" * 99 + b"\\n"
big = data * 100
def work():
    {setup}
    for _ in repeat(None, {rounds}):
        {statement}
work()
"""


def instructions(python, folder, module, setup, statement, rounds):
    program = PROGRAM.format(folder=str(folder), module=module, setup=setup or "pass",
                             statement=statement, rounds=rounds)
    with tempfile.TemporaryDirectory() as scratch:
        answer = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={scratch}/out", python, "-S", "-E",
             "-c", program], capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"})
    return int(re.search(r"Collected : (\d+)", answer.stderr).group(1))


def per_call(python, folder, module, setup, statement):
    """Instructions of one call, loop included."""
    few, many = (instructions(python, folder, module, setup, statement, rounds)
                 for rounds in (100, 100 + ROUNDS))
    return (many - few) / ROUNDS


def main():
    python, folder, *names = sys.argv[1:]
    names = names or list(OPERATIONS)
    jobs = [("quire", "", "pass")]
    jobs += [(module, *OPERATIONS[name]) for name in names for module in ("io", "quire")]
    # The first import compiles the package.
    instructions(python, Path(folder).resolve(), "quire", "", "pass", 1)
    with ThreadPoolExecutor(2) as pool:
        empty, *counts = pool.map(
            lambda job: per_call(python, Path(folder).resolve(), *job), jobs)
    ratios = {}
    print(f"{'operation':12} {'io.BytesIO':>10} {'quire':>10} {'ratio':>6}")
    for name, theirs, ours in zip(names, counts[::2], counts[1::2]):
        ratios[name] = (ours - empty) / (theirs - empty)
        print(f"{name:12} {theirs - empty:10.0f} {ours - empty:10.0f} {ratios[name]:6.3f}")
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
    print(f"{'mean':12} {'':10} {'':10} {mean:6.3f}")
    return 1 if mean > MEAN or max(ratios.values()) > HIGHEST else 0


if __name__ == "__main__":
    sys.exit(main())
