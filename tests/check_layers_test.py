"""tools/check_layers.py must catch what it is there for: a checker that passes all is silent too."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import check_layers  # noqa: E402  (the path has to be set first)


class CheckLayers(unittest.TestCase):
    def problems(self, files, adapters=None):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_layers.check(Path(folder).resolve(), adapters)

    def assert_one(self, files, *words):
        problems = self.problems(files)
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_down_and_sideways_pass(self):
        self.assertEqual(self.problems({
            "include/quire/error.h": "",
            "include/quire/byte_span.h": '#include "quire/error.h"\n',
            "include/quire/bytes.h": '#include <span>\n#include "quire/byte_span.h"\n',
            "include/quire/quire.h": '#include "quire/bytes.h"\n',
            "src/bytes.cc": '#include "quire/bytes.h"\n\n#include "quire/error.h"\n',
        }), [])

    def test_upward_include_is_caught(self):
        self.assert_one({
            "include/quire/bytes.h": '#include <span>\n#include "quire/stream.h"\n',
            "include/quire/stream.h": "",
        }, "include/quire/bytes.h:2", "may only go down")

    def test_upward_include_of_a_source_is_caught(self):
        self.assert_one({
            "include/quire/error.h": "",
            "include/quire/stream.h": "",
            "src/error.cc": '#include "quire/error.h"\n#include "quire/stream.h"\n',
        }, "src/error.cc:2", "may only go down")

    def test_upward_include_through_a_private_header_is_caught(self):
        self.assert_one({
            "include/quire/error.h": "",
            "include/quire/stream.h": "",
            "src/error.cc": '#include "quire/error.h"\n#include "helper.h"\n',
            "src/helper.h": '#include "quire/stream.h"\n',
        }, "src/error.cc:2", "may only go down")

    def test_cycle_is_caught(self):
        self.assert_one({
            "include/quire/bytes.h": '#include "quire/byte_array.h"\n',
            "include/quire/byte_array.h": '#include "quire/bytes.h"\n',
        }, "circle", "bytes -> byte_array")

    def test_the_python_module_may_include_all_and_nothing_includes_it(self):
        files = {"include/quire/quire.h": "", "include/quire/memory_report.h": "",
                 "include/quire/bytes.h": ""}
        self.assertEqual(self.problems(files | {
            "python/src/api.h": "#include <Python.h>\n",
            "python/src/module.cc": '#include "api.h"\n#include "quire/memory_report.h"\n',
        }), [])
        self.assert_one(files | {
            "python/src/api.h": "",
            "src/bytes.cc": '#include "quire/bytes.h"\n#include "python/src/api.h"\n',
        }, "src/bytes.cc:2", "nor beside the file")
        self.assert_one(files | {"python/src/api.h": '#include "quire/novelty.h"\n'},
                        "python/src/api.h:1", "no layer")

    def test_header_without_a_layer_is_caught(self):
        self.assert_one({"include/quire/novelty.h": ""}, "novelty.h:1", "no layer")

    def test_long_header_is_caught(self):
        self.assertEqual(self.problems({"include/quire/bytes.h": "\n" * 400}), [])
        self.assert_one({"include/quire/bytes.h": "\n" * 401}, "bytes.h:401", "400 lines")
        self.assertEqual(self.problems({"include/quire/bytes.h": "",
                                        "src/bytes.cc": '#include "quire/bytes.h"\n' + "\n" * 400}), [])

    def test_operating_system_outside_platform_is_caught(self):
        files = {"include/quire/bytes.h": "", "include/quire/detail/pages.h": ""}
        call = '#include "quire/{}.h"\n#include <sys/mman.h>\n'
        self.assert_one(files | {"src/bytes.cc": call.format("bytes")}, "src/bytes.cc:2",
                        "src/platform/")
        self.assertEqual(
            self.problems(files | {"src/platform/pages.cc": call.format("detail/pages")}), [])

    def test_own_header_comes_first(self):
        self.assert_one({
            "include/quire/bytes.h": "",
            "include/quire/error.h": "",
            "src/bytes.cc": '#include "quire/error.h"\n#include "quire/bytes.h"\n',
        }, "src/bytes.cc:1", "own header")

    def test_nothing_includes_the_umbrella(self):
        self.assert_one({
            "include/quire/bytes.h": '#include "quire/quire.h"\n',
            "include/quire/quire.h": "",
        }, "bytes.h:1", "may only go down")

    def test_adapter_names_its_library_only(self):
        adapters = {"zip": "zip.h |sys/"}
        header = {"include/quire/adapters/zip.h": "#include <span>\n#include <zip.h>\n"}
        source = '#include "quire/adapters/zip.h"\n\n#include <sys/types.h>\n'
        self.assertEqual(self.problems(header | {"src/adapters/zip.cc": source}, adapters), [])
        for path, text in (("include/quire/adapters/zip.h", "#include <sys/types.h>\n"),
                           ("src/adapters/zip.cc", source + "#include <lzma.h>\n")):
            problems = self.problems(header | {path: text}, adapters)
            self.assertEqual(len(problems), 1, problems)
            self.assertIn("not of what the adapter zip adapts", problems[0])

    def test_adapter_that_nobody_knows_is_caught(self):
        problems = self.problems({"include/quire/adapters/zip.h": ""}, {})
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("table ADAPTERS", problems[0])


if __name__ == "__main__":
    unittest.main()
