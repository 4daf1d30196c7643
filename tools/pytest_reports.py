#!/usr/bin/env python3
"""What the tests of the Python module have done, read from pytest's reports.

A report is build/junit/python/VERSION.xml. Usage: tools/pytest_reports.py FOLDER, which prints one
line for each supported version and fails where no test ran or one failed.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

SUPPORTED = [f"3.{minor}" for minor in range(9, 14)]


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    # A test that is expected to fail and does so has shown what it is there to show.
    if skipped is not None and skipped.get("type") != "pytest.xfail":
        return "skipped"
    return "passed"


def cases(folder):
    """Yields (name, outcome) of each case; the name begins with the interpreter's version."""
    for report in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{report.stem}:{case.get('classname')}.{case.get('name')}"
            yield name.replace(" ", "_"), outcome_of(case)


def lines(folder):
    """A line for each supported version: what its interpreters did together, or that there is none."""
    counts = {version: Counter() for version in SUPPORTED}
    for name, outcome in cases(folder):
        counts[".".join(name.split(":")[0].split(".")[:2])][outcome] += 1
    for version, count in counts.items():
        parts = [f"{count[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")
                 if count[outcome] or outcome == "passed"]
        yield f"CPython {version:5}" + (", ".join(parts) if count else "absent")


def main():
    folder = Path(sys.argv[1])
    print("\n".join(lines(folder)))
    outcomes = Counter(outcome for _, outcome in cases(folder))
    return 1 if outcomes["failed"] or not outcomes["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
