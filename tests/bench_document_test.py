#!/usr/bin/env python3
"""tools/bench_document.py: what it writes between its comments, and that it leaves the rest."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from bench_document import documented  # noqa: E402
from bench_report import Results  # noqa: E402


def measured(name, nanoseconds, **notes):
    return {"name": name, "run_name": name, "run_type": "iteration", "cpu_time": nanoseconds,
            "real_time": nanoseconds, "time_unit": "ns", **notes}


class Documented(unittest.TestCase):
    def setUp(self):
        self.results = Results(Path("/nonexistent"))
        for row in (measured("write/1 MiB/shared_ptr<x>", 50), measured("write/1 MiB/quire", 10),
                    measured("write/16 MiB/quire", 2500, extra_bytes=64 << 20),
                    measured("append/8 B/quire", 200, items_per_second=1e9 / 20)):
            self.results.add(row)

    def written(self, region, inside="old"):
        start, end = f"before\n<!-- measured: {region}-->\n", "\n<!-- end -->\nafter"
        text = documented(start + inside + end, self.results)
        self.assertTrue(text.startswith(start) and text.endswith(end), text)
        return text.removeprefix(start).removesuffix(end)

    def test_a_table_leaves_out_empty_columns_and_escapes_tags(self):
        self.assertEqual(self.written("tables write/1 MiB "),
                         "**write: 1 MiB**\n\n| peer | time | x quire |\n|---|--:|--:|\n"
                         "| shared_ptr\\<x> | 50 ns | 5.00 |\n| quire | 10 ns | 1.00 |")

    def test_a_grid_has_a_line_for_each_workload_and_quire_first(self):
        self.assertEqual(self.written("grid write/* "),
                         "|  | quire | shared_ptr\\<x> |\n|---|--:|--:|\n"
                         "| 1 MiB | 10 ns | 50 ns |\n| 16 MiB | 2.5 us, 64 MiB |  |")

    def test_a_grid_has_the_columns_that_are_chosen(self):
        self.assertEqual(self.written("grid [quire] write/1 * "),
                         "|  | quire |\n|---|--:|\n| MiB | 10 ns |")

    def test_rows_have_the_names_they_are_given_and_the_time_of_one_operation(self):
        self.assertEqual(self.written("rows quire\neach append/8 B = a write\n"),
                         "|  | quire |\n|---|--:|\n| a write | 20 ns |")

    def test_workloads_beside_each_other_have_a_line_for_each_peer(self):
        self.results.add(measured("append/8 B/std::string", 300))
        for peer, moved in (("quire", 8 << 20), ("std::string", 12 << 20), ("never timed", 1)):
            self.results.add(measured(f"append/8 B/{peer}", 7e9, moved_bytes=moved), timed=False)
        self.assertEqual(self.written("beside write/1 MiB; append/* "),
                         "|  | peer | time | each | x quire | moved |\n|---|--:|--:|--:|--:|--:|\n"
                         "| write: 1 MiB | shared_ptr\\<x> | 50 ns |  | 5.00 |  |\n"
                         "|  | quire | 10 ns |  | 1.00 |  |\n"
                         "| append: 8 B | quire | 200 ns | 20 ns | 1.00 | 8.0 MiB |\n"
                         "|  | std::string | 300 ns |  | 1.50 | 12.0 MiB |")

    def test_what_was_not_measured_stays(self):
        for region in ("tables write/4 GiB ", "grid write/*GiB ", "rows quire\nwrite/4 GiB = x\n",
                       "counted "):
            self.assertEqual(self.written(region), "old", region)

    def test_targets_say_what_was_not_measured(self):
        self.assertIn("| not measured |", self.written("targets "))

    def test_a_target_that_was_not_measured_stays_and_another_of_its_name_does_not_take_its_place(self):
        lines = self.written("targets ").split("\n")
        copied = [i for i, line in enumerate(lines) if line.startswith("| the same: copied |")]
        self.assertGreater(len(copied), 1)
        before = [line.replace("not measured", f"of day {i}") for i, line in enumerate(lines)]
        before.insert(copied[0], "| of a size that was not measured | 2x | <= 3x | met |")
        self.assertEqual(self.written("targets ", "\n".join(before)).split("\n"), before)


if __name__ == "__main__":
    unittest.main()
