"""The Python part of `./run demo`."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
import quire

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
from seed_programs import PROGRAMS  # noqa: E402  (the path has to be set first)

STEPS = 9
# What the programs print that is another thing with quire.BytesIO, on purpose.
DIFFERENT = {
    "1: read() after writes": ("read() is what getvalue() gives: False\n",
                               "read() is what getvalue() gives: True\n"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_print_the_same(name, capsys):
    printed = []
    for BytesIO in (io.BytesIO, quire.BytesIO):
        PROGRAMS[name](BytesIO)
        printed.append(capsys.readouterr().out)
    assert tuple(printed) == DIFFERENT.get(name, (printed[0], printed[0]))
    assert printed[0]


def test_the_demo_prints_them_and_the_table(tmp_path):
    table = tmp_path / "memory.tsv"
    table.write_text("".join(f"step {i}\t1\t2\t3\t4\n" for i in range(STEPS)), encoding="utf-8")
    answer = subprocess.run([sys.executable, EXAMPLES / "demo_python.py", table], text=True,
                            capture_output=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    for name in PROGRAMS:
        assert f"\n  {name}\n" in answer.stdout
    assert "    b'hello'" + " " * 56 + "b'hello'\n" in answer.stdout
    rows = {}
    for line in answer.stdout.splitlines():
        if line.startswith("  step "):
            words = line.split()
            rows[int(words[1])] = (float(words[10]), float(words[14]))
    created, read, buffer, copied, beside, value, appended, overwritten, sliced = (
        rows[i] for i in range(STEPS))
    # Less than nothing: the room behind the bytes is given back.
    assert created[0] >= 50 and created[1] >= 50
    assert read[0] == 50 and -7 <= read[1] <= 0
    assert buffer == (0, 0) and copied == beside == (50, 50)
    assert max(value) <= 0
    assert 43 <= appended[0] and 43 <= overwritten[0]
    assert appended[1] <= 57 and overwritten[1] <= 50
    assert sliced == (50, 50)
