#!/usr/bin/env python3
"""Adds up what `./run test` ran and fails on a failure or on a skip that nobody gave a reason for.

Reads build/junit/<name>.xml (ctest), build/gtest/<name>/<test>.xml (the cases inside one test) and
build/junit/<name>/<version>.xml (pytest, with each interpreter).
A test without a gtest report, a script or an example, counts as one case.
Usage: tools/test_summary.py ROOT STAGE:REPORT:STATUS... ; REPORT is a ctest preset, or empty where
the stage is one case, and STATUS is ok or failed.
The last line is `N passed, N failed, N skipped`.
"""

import sys
import xml.etree.ElementTree as ElementTree
from fnmatch import fnmatch
from pathlib import Path

import pytest_reports


def expected_skips(root):
    """The patterns in tests/expected_skips.txt, one `Suite.Name  reason` or `Suite.Name@stage  reason` a
    line."""
    names = set()
    for number, line in enumerate((root / "tests/expected_skips.txt").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip():
            sys.exit(f"tests/expected_skips.txt:{number}: {name} is listed without a reason")
        names.add(name)
    return names


def is_expected(case, stage, patterns):
    return any(fnmatch(f"{case}@{stage}" if "@" in pattern else case, pattern)
               for pattern in patterns)


def gtest_cases(report):
    """Yields (name, outcome) of each case; a case that never ran is a skip."""
    for suite in ElementTree.parse(report).getroot():
        for case in suite:
            name = f"{suite.get('name')}.{case.get('name')}"
            if case.find("failure") is not None:
                yield name, "failed"
            elif case.get("status") == "notrun" or case.get("result") == "skipped":
                yield name, "skipped"
            else:
                yield name, "passed"


def ctest_outcome(case):
    if case.get("status") == "run":
        return "passed"
    return "failed" if case.get("status") == "fail" else "skipped"


def outcomes(root, name):
    """Yields (case, outcome) of one ctest run, or of pytest's runs if there is a folder of reports."""
    folder = root / f"build/junit/{name}"
    if folder.is_dir():
        yield from pytest_reports.cases(folder)
        return
    report = root / f"build/junit/{name}.xml"
    if not report.exists():
        yield f"{name} (no report: it did not build)", "failed"
        return
    for test in ElementTree.parse(report).getroot().iter("testcase"):
        outcome = ctest_outcome(test)
        cases = root / f"build/gtest/{name}/{test.get('name')}.xml"
        if outcome == "skipped" or not cases.exists():
            yield test.get("name"), outcome
            continue
        inside = list(gtest_cases(cases))
        yield from inside
        if outcome == "failed" and not any(result == "failed" for _, result in inside):
            # A leak or a crash at exit: every case passed and the program did not.
            yield f"{test.get('name')} (at exit)", "failed"


def stage_outcomes(root, stage, report, status):
    if not report:
        yield stage, "passed" if status == "ok" else "failed"
        return
    cases = list(outcomes(root, report))
    yield from cases
    if status != "ok" and not any(outcome == "failed" for _, outcome in cases):
        yield f"{stage} (outside its tests)", "failed"


def main():
    root, stages = Path(sys.argv[1]), sys.argv[2:]
    patterns = expected_skips(root)
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for stage in stages:
        name, report, status = stage.split(":")
        count = dict.fromkeys(total, 0)
        for case, outcome in stage_outcomes(root, name, report, status):
            if outcome == "skipped" and not is_expected(case, name, patterns):
                print(f"{name}: {case} was skipped and is not in tests/expected_skips.txt")
                outcome = "failed"
            elif outcome == "failed":
                print(f"{name}: {case} failed")
            count[outcome] += 1
        for outcome in total:
            total[outcome] += count[outcome]
        print(f"{name:12}" + ", ".join(f"{n:6} {outcome}" for outcome, n in count.items()))
    for line in pytest_reports.lines(root / "build/junit/python"):
        print(line)
    print(", ".join(f"{n} {outcome}" for outcome, n in total.items()))
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
