"""tools/check_docs.py must catch what it is there for: a checker that passes all is silent too."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import check_docs  # noqa: E402  (the path has to be set first)

README = """# quire

[headers](docs/design.md#the-layers) `docs/x.md`

| [bytes.h](include/quire/bytes.h) | 3.5 ns, 2.1x |
"""
DESIGN = "# Design\n\n## The layers\n" + "\n".join(
    f" L{layer} {' '.join(f'{stem}.h' for stem in stems.split())}"
    for layer, stems in check_docs.LAYERS.items())
DIFFERENCES = """# Differences

| Python | here | why | `hash-of-view` |
| Python | here | why | |
"""
GOLDEN = """replay("memoryview",
       {{"hash-of-view",
         "!ValueError", "a reason"}},
"""


class CheckDocs(unittest.TestCase):
    def problems(self, **changed):
        files = {
            "README.md": README,
            "docs/design.md": DESIGN,
            "docs/storage.md": "from 128 KiB (`kMappedFrom`)\n",
            "docs/benchmarks.md": "| 3.5 ns | 2.1x |\n",
            "docs/python-differences.md": DIFFERENCES,
            "include/quire/bytes.h": "",
            "include/quire/detail/block.h": "",
            "src/storage.h": "inline constexpr std::size_t kMappedFrom = std::size_t{128} << 10;\n",
            "tests/golden_memory_view_test.cc": GOLDEN,
            **{name.replace("__", "/").replace("_md", ".md"): text
               for name, text in changed.items()},
        }
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_docs.check(Path(folder).resolve())

    def assert_one(self, problems, *words):
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_true_documents_pass(self):
        self.assertEqual(self.problems(), [])

    def test_dead_link_is_caught(self):
        self.assert_one(self.problems(docs__guide__a_md="[b](../b.md)\n"),
                        "docs/guide/a.md", "no such file: ../b.md")

    def test_missing_picture_is_caught(self):
        for picture in ("![a](a%20b.png)", '<img src="a%20b.png" alt="a">'):
            self.assert_one(self.problems(docs__c_md=picture), "docs/c.md", "no such file: a b.png")
            self.assertEqual(self.problems(docs__c_md=picture, **{"docs__a b.png": ""}), [])

    def test_dead_heading_is_caught(self):
        readme = README.replace("#the-layers", "#layers")
        self.assert_one(self.problems(README_md=readme), "no such heading")

    def test_missing_header_is_caught(self):
        readme = README.replace("(include/quire/bytes.h)", "")
        self.assert_one(self.problems(README_md=readme), "quire/bytes.h")

    def test_header_that_is_not_in_the_picture_is_caught(self):
        self.assert_one(self.problems(docs__design_md=DESIGN.replace(" spooled_io.h", "")),
                        "layer 6", "spooled_io.h")

    def test_size_of_another_constant_is_caught(self):
        self.assert_one(self.problems(docs__storage_md="from 1 MiB (`kMappedFrom`)\n"),
                        "docs/storage.md", "kMappedFrom is not 1 MiB")
        self.assert_one(self.problems(docs__storage_md="from 1 MiB (`kGone`)\n"), "kGone")

    def test_number_that_was_not_measured_is_caught(self):
        self.assert_one(self.problems(README_md=README.replace("3.5 ns", "3.4 ns")), "3.4 ns")
        self.assert_one(self.problems(README_md=README.replace("2.1x", "2.2x")), "2.2x")

    def test_difference_that_is_not_documented_is_caught(self):
        documented = DIFFERENCES.replace("`hash-of-view`", "")
        self.assert_one(self.problems(**{"docs/python-differences.md": documented}),
                        "lacks", "hash-of-view")

    def test_difference_that_is_not_replayed_is_caught(self):
        documented = DIFFERENCES + "| Python | here | why | `gone` |\n"
        self.assert_one(self.problems(**{"docs/python-differences.md": documented}),
                        "no golden test", "gone")


if __name__ == "__main__":
    unittest.main()
