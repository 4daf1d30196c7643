#!/usr/bin/env python3
"""Plants each bug of tests/mutants/*.patch in a copy of the tree; the named test must notice it.

The head of a patch, before its first `---` line:
    # kills: <test executable> <gtest filter>
    # sanitizer: thread            (or address; left out for a plain build)
    # may end by: timeout          (for an endless loop; left out where the test must fail)
    # One line or more that say what the bug is.
A mutant is killed when the test fails within a minute. A test that does not end has noticed nothing
by itself, so a timeout kills only where the patch expects it. It is an error when the patch does not
apply or build, or when the test fails without it: then it proves nothing.
Usage: tools/mutants.py [--check] [NAME...] ; NAME is a patch's stem. --check: only whether each patch
applies to the tree as it is.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build/mutants"
TREE = WORK / "tree"
COPIED = ["CMakeLists.txt", "cmake", "examples", "fuzz", "include", "src", "tests", "tools"]
LIMIT_SECONDS = 60
# Taking a bug out again restores sources that were compiled before.
CCACHE = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
FLAGS = {
    "none": "",
    "thread": "-fsanitize=thread",
    "address": "-fsanitize=address,undefined -fno-sanitize-recover=all",
}


class Mutant:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        head = path.read_text(encoding="utf-8").split("\n--- ")[0]
        kills = re.search(r"^# kills: (\S+) (\S+)$", head, re.MULTILINE)
        if not kills:
            sys.exit(f"{path}: no line `# kills: <test executable> <gtest filter>`")
        self.test, self.filter = kills.groups()
        sanitizer = re.search(r"^# sanitizer: (\w+)$", head, re.MULTILINE)
        self.sanitizer = sanitizer.group(1) if sanitizer else "none"
        if self.sanitizer not in FLAGS:
            sys.exit(f"{path}: no sanitizer {self.sanitizer}")
        may_hang = re.search(r"^# may end by: timeout$", head, re.MULTILINE)
        self.kills = ("failed", "timeout") if may_hang else ("failed",)


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def copy_tree():
    """Copies only what changed: a fresh time stamp on every file would rebuild everything."""
    wanted = set()
    for top in COPIED:
        source = ROOT / top
        for path in [source] if source.is_file() else source.rglob("*"):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            copy = TREE / path.relative_to(ROOT)
            wanted.add(copy)
            if not copy.exists() or copy.read_bytes() != path.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    for path in TREE.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()


def build_folder(sanitizer):
    return WORK / f"build_{sanitizer}"


def configure(sanitizer):
    done = run(["cmake", "-S", TREE, "-B", build_folder(sanitizer), "-G", "Ninja",
                "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1", *CCACHE,
                f"-DCMAKE_CXX_FLAGS={FLAGS[sanitizer]}", "-DQUIRE_BUILD_BENCH=OFF",
                "-DQUIRE_BUILD_FUZZ=OFF", "-DQUIRE_BUILD_EXAMPLES=OFF"])
    if done.returncode:
        sys.exit(done.stdout)


def build(mutant):
    done = run(["cmake", "--build", build_folder(mutant.sanitizer), "--target", mutant.test])
    return done.returncode == 0, done.stdout


def run_test(mutant):
    """How the test ended: passed, failed or timeout, or `no test` when the filter matches none."""
    program = build_folder(mutant.sanitizer) / "tests" / mutant.test
    command = [program, f"--gtest_filter={mutant.filter}", "--gtest_brief=1"]
    if mutant.sanitizer != "none" and run(["setarch", "-R", "true"]).returncode == 0:
        command = ["setarch", "-R", *command]
    environment = {**os.environ, "TSAN_OPTIONS": "halt_on_error=1",
                   "ASAN_OPTIONS": "allocator_may_return_null=1"}
    try:
        done = run(command, timeout=LIMIT_SECONDS, env=environment, cwd=TREE)
    except subprocess.TimeoutExpired:
        return "timeout"
    if done.returncode:
        return "failed"
    ran = re.search(r"\[==========\] (\d+) tests? from", done.stdout)
    return "passed" if ran and int(ran.group(1)) else "no test"


def patch(mutant, *options, tree=TREE):
    return run(["patch", "-p1", "--no-backup-if-mismatch", "--batch", "--force", *options,
                "-i", mutant.path], cwd=tree)


def check(mutants):
    stale = [mutant for mutant in mutants if patch(mutant, "--dry-run", tree=ROOT).returncode]
    for mutant in stale:
        print(f"{mutant.name}: does not apply")
    return 1 if stale else 0


def verdict(mutant, baselines):
    """(is it as it must be, one word that says how it went)"""
    key = (mutant.sanitizer, mutant.test, mutant.filter)
    if key not in baselines:
        built, log = build(mutant)
        baselines[key] = run_test(mutant) if built else f"does not build:\n{log}"
    if baselines[key] != "passed":
        return False, f"without the bug: {baselines[key]}"
    if patch(mutant, "--dry-run").returncode:
        return False, "does not apply"
    patch(mutant)
    try:
        built, log = build(mutant)
        if not built:
            return False, f"does not build:\n{log}"
        outcome = run_test(mutant)
    finally:
        patch(mutant, "--reverse")
    if outcome in mutant.kills:
        return True, f"killed ({outcome})"
    return False, "TIMEOUT" if outcome == "timeout" else "SURVIVED"


def main():
    patches = sorted((ROOT / "tests/mutants").glob("*.patch"))
    names = [name for name in sys.argv[1:] if name != "--check"]
    mutants = [Mutant(path) for path in patches if not names or path.stem in names]
    unknown = set(names) - {mutant.name for mutant in mutants}
    if unknown or not mutants:
        sys.exit(f"no such mutant: {' '.join(sorted(unknown)) or 'tests/mutants is empty'}")
    if "--check" in sys.argv[1:]:
        return check(mutants)
    copy_tree()
    for sanitizer in {mutant.sanitizer for mutant in mutants}:
        configure(sanitizer)
    baselines, killed = {}, 0
    # Mutants of one build and one test stand together, so that less is rebuilt in between.
    for mutant in sorted(mutants, key=lambda m: (m.sanitizer, m.test, m.name)):
        begin = time.monotonic()
        good, outcome = verdict(mutant, baselines)
        killed += good
        print(f"{mutant.name:40} {mutant.test:28} {time.monotonic() - begin:5.0f} s  {outcome}",
              flush=True)
    print(f"{killed} of {len(mutants)} mutants killed")
    return 0 if killed == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
