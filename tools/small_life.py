#!/usr/bin/env python3
"""Counts the instructions and allocations of bench/small_life.cc, and writes them as JSON.

Two runs of different length are subtracted, so that starting the program does not count, and then
the empty loop. Usage: tools/small_life.py PROGRAM OUTPUT.json
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FEW, MANY = 1000, 11000


def valgrind(tool, program, mode, count, *options):
    command = ["valgrind", f"--tool={tool}", *options, program, mode, str(count)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stderr}")
    return done.stderr


def instructions(program, mode, count):
    with tempfile.TemporaryDirectory() as folder:
        report = valgrind("callgrind", program, mode, count,
                          f"--callgrind-out-file={Path(folder) / 'out'}")
    return int(re.search(r"Collected : (\d+)", report).group(1))


def allocations(program, mode, count):
    report = valgrind("memcheck", program, mode, count)
    return int(re.search(r"total heap usage: ([\d,]+) allocs", report).group(1).replace(",", ""))


def each(count, program, mode):
    return (count(program, mode, MANY) - count(program, mode, FEW)) / (MANY - FEW)


def main():
    program, output = sys.argv[1], Path(sys.argv[2])
    loop = each(instructions, program, "empty")
    counted = {mode: {"instructions": each(instructions, program, mode) - loop,
                      "allocations": each(allocations, program, mode)}
               for mode in ("quire", "shared_ptr")}
    output.write_text(json.dumps({"counted": counted}, indent=2) + "\n", encoding="utf-8")
    print(f"instructions: {counted['quire']['instructions']:.1f} / "
          f"{counted['shared_ptr']['instructions']:.1f} = "
          f"{counted['quire']['instructions'] / counted['shared_ptr']['instructions']:.2f}")


if __name__ == "__main__":
    main()
