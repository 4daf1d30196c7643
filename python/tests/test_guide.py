"""What README.md and the guide show of Python is what Python does."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/guide/python.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_sessions_give_what_they_say(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    names, failures = {}, []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start())
        session = doctest.DocTestParser().get_doctest(block.group(1), names, page, page, line)
        assert session.examples, block.group(1)
        runner = doctest.DocTestRunner(verbose=False)
        runner.run(session, out=failures.append, clear_globs=False)
        names = session.globs
    assert names, "no session on the page"
    assert not failures, "".join(failures)


def test_there_are_no_others():
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    with_sessions = {page.relative_to(ROOT).as_posix() for page in pages
                     if BLOCK.search(page.read_text(encoding="utf-8"))}
    assert with_sessions == set(PAGES)
