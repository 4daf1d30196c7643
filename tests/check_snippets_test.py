"""tools/check_snippets.py must catch what it is there for: a checker that passes all is silent too."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import check_snippets  # noqa: E402  (the path has to be set first)

PROGRAM = """int main() {
  // [one]
  f.write("a");
    g();
  // [/one]
  // [two]
  h();
  // [/two]
}
"""
PAGE = """# Page

```cpp
f.write("a");
  g();
```

```output
1
```

```cpp
h();
```

```output
2
```
"""


class CheckSnippets(unittest.TestCase):
    def problems(self, page=PAGE, program=PROGRAM, expected="1 \n2\n",
                 listed="quire_add_example(guide/page)\n", more=()):
        files = {
            "README.md": "no code\n",
            "docs/guide/page.md": page,
            "examples/guide/page.cc": program,
            "examples/expected/guide/page.txt": expected,
            "examples/CMakeLists.txt": listed,
            **dict(more),
        }
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_snippets.check(Path(folder).resolve())

    def assert_one(self, problems, *words):
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_what_is_compiled_and_printed_passes(self):
        self.assertEqual(self.problems(), [])

    def test_drifted_snippet_is_caught(self):
        problems = self.problems(page=PAGE.replace("  g();", "  g(1);"))
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("docs/guide/page.md:3", problems[0])
        self.assertIn("[one]", problems[1])

    def test_drifted_inner_indentation_is_caught(self):
        self.assertEqual(len(self.problems(page=PAGE.replace("  g();", "g();"))), 2)

    def test_drifted_output_is_caught(self):
        self.assert_one(self.problems(page=PAGE.replace("\n2\n", "\n3\n")), "output blocks")

    def test_missing_output_is_caught(self):
        self.assert_one(self.problems(expected="1\n2\n3\n"), "output blocks")

    def test_region_that_is_not_shown_is_caught(self):
        page = PAGE.replace("```cpp\nh();\n```\n", "")
        self.assert_one(self.problems(page=page), "[two]", "not on docs/guide/page.md")

    def test_snippet_shown_twice_is_caught(self):
        self.assert_one(self.problems(page=PAGE + "```cpp\nh();\n```\n"), "page.md:19")

    def test_program_that_nobody_runs_is_caught(self):
        self.assert_one(self.problems(listed="# quire_add_example(guide/page)\n"), "nobody runs")

    def test_page_without_a_program_is_caught(self):
        more = {"docs/guide/other.md": "```cpp\nh();\n```\n"}
        self.assert_one(self.problems(more=more), "no examples/guide/other.cc")

    def test_readme_is_held_to_the_same(self):
        more = {"README.md": "```cpp\nh();\n```\n"}
        self.assert_one(self.problems(more=more), "no examples/readme.cc")

    def test_region_of_another_program_is_held_to_the_same(self):
        listed = "".join(f"quire_add_example({stem})\n" for stem in ("guide/page", "readme", "thumbnail"))
        more = {
            "README.md": "```cpp\nf();\n```\n\n```cpp\ng();\n```\n\n```output\n1\n```\n",
            "examples/readme.cc": "// [one]\nf();\n// [/one]\n",
            "examples/thumbnail.cc": "// [core]\ng();\n// [/core]\n",
            "examples/expected/readme.txt": "1\n",
        }
        self.assertEqual(self.problems(listed=listed, more=more), [])
        unlisted = listed.replace("quire_add_example(thumbnail)\n", "")
        self.assert_one(self.problems(listed=unlisted, more=more), "examples/thumbnail.cc", "nobody runs")
        drifted = {**more, "examples/thumbnail.cc": "// [core]\nh();\n// [/core]\n"}
        problems = self.problems(listed=listed, more=drifted)
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("README.md:5", problems[0])
        self.assertIn("examples/thumbnail.cc: region [core]", problems[1])

    def test_block_that_hides_from_the_check_is_caught(self):
        for language in ("c++", "C++", ""):
            page = PAGE + f"```{language}\nwrong();\n```\n"
            self.assert_one(self.problems(page=page), "a block of")
        self.assert_one(self.problems(page=PAGE + "~~~\nwrong();\n~~~\n"), "~~~")

    def test_indented_block_is_read(self):
        page = PAGE.replace("```cpp\nh();\n```\n", "- item\n\n  ```cpp\n  h();\n  ```\n")
        self.assertEqual(self.problems(page=page), [])

    def test_region_without_end_is_caught(self):
        program = PROGRAM.replace("  // [/two]\n", "")
        self.assert_one(self.problems(program=program), "without end")

    def test_pages_of_adapters_are_held_to_the_same(self):
        more = {"docs/adapters/zip.md": "```cpp\nh();\n```\n", "examples/adapters/lost.cc": ""}
        problems = self.problems(more=more)
        self.assertEqual(len(problems), 2, problems)
        self.assertIn("no examples/adapters/zip.cc", problems[0])
        self.assertIn("lost.cc", problems[1])

    def test_program_without_a_page_is_caught(self):
        more = {"examples/guide/lost.cc": ""}
        self.assert_one(self.problems(more=more), "lost.cc", "no page")


if __name__ == "__main__":
    unittest.main()
