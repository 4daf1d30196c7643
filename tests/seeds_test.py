#!/usr/bin/env python3
"""Holds the examples of docs/seeds.md against Python.

What python3 prints for a program of examples/seed_programs.py must be what the C++ example of the same
name is expected to print; running the example against that text is a test of its own. A second part
looks whether every file and every test that docs/seeds.md names is there.
"""

import contextlib
import io
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples"))
from seed_programs import twins  # noqa: E402  (the path has to be set first)


class Seeds(unittest.TestCase):
    def test_python_prints_what_the_examples_print(self):
        self.assertGreaterEqual(len(twins()), 10)
        for program, expected in twins():
            with self.subTest(program.__name__):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    program(io.BytesIO)
                self.assertEqual(printed.getvalue(), expected)

    def test_what_the_page_names_is_there(self):
        page = ROOT / "docs/seeds.md"
        targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        self.assertGreater(len(targets), 50)
        for target in set(targets):
            self.assertTrue((page.parent / target).exists(), target)

    def test_every_test_that_the_page_names_is_in_the_file_it_names(self):
        page = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
        named = re.findall(r"\[(\w+)\.(\w+)\]\(\.\./([\w/]+\.cc)\)", page)
        self.assertGreater(len(named), 20)
        for suite, name, path in named:
            text = (ROOT / path).read_text(encoding="utf-8")
            self.assertRegex(text, rf"TEST(_F|_P)?\({suite},\s+{name}\)", path)

    def test_every_example_of_a_seed_is_on_the_page(self):
        page = (ROOT / "docs/seeds.md").read_text(encoding="utf-8")
        for example in sorted((ROOT / "examples").glob("seed_*.cc")):
            self.assertIn(f"../examples/{example.name}", page)


if __name__ == "__main__":
    unittest.main()
