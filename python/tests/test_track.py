"""quire.track() and quire.profile: what is copied, shared and allocated."""

import io
import os
import re
import subprocess
import sys
import textwrap
import tracemalloc
import unittest

import quire
from quire import Bytes, SpooledIO

MEBIBYTE = 1 << 20


def in_fresh_process(statement):
    """What a statement about this file's functions prints where no freed memory can be used again."""
    folder = os.path.dirname(os.path.abspath(__file__))
    program = f"import sys; sys.path.insert(0, {folder!r}); import quire, test_track; {statement}"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def keep_31_mebibytes():
    with quire.track() as memory:
        kept = [bytes(MEBIBYTE) for _ in range(32)]
        kept[0] = b""
    print(memory.additional_bytes, memory.peak_bytes)


class Track(unittest.TestCase):
    def test_counts_what_streams_copy_and_share(self):
        data = bytes(10 * MEBIBYTE)
        stream = quire.BytesIO()
        with quire.track() as memory:
            stream.write(data)
        self.assertEqual(memory.copied["caller's buffer"], len(data))
        self.assertEqual(memory.shared_bytes, 0)
        with quire.track() as memory:
            value = stream.getvalue()
        self.assertEqual(memory.copied_bytes, 0)
        self.assertEqual(memory.shared["getvalue"], len(data))
        with quire.track() as memory:
            Bytes(value)[5:].split(b"x")
        self.assertEqual(memory.copied_bytes, 0)
        with quire.track() as memory:
            Bytes(value).replace(b"\0\0", b"\0")
        self.assertEqual(memory.copied["getvalue"], len(data) // 2)
        self.assertEqual(set(memory.copied),
                         {"growth", "copy-on-write", "getvalue", "caller's buffer"})

    def test_sees_memory_of_anybody(self):
        additional, peak = map(int, in_fresh_process("test_track.keep_31_mebibytes()").split())
        self.assertAlmostEqual(additional / MEBIBYTE, 31, delta=3)
        self.assertGreaterEqual(peak, 28 * MEBIBYTE)

    def test_numbers_of_now_and_of_the_end(self):
        memory = quire.track()
        with self.assertRaisesRegex(ValueError, "has not begun"):
            memory.copied_bytes
        stream = SpooledIO()
        with stream, memory:
            stream.write(bytes(100))
            self.assertEqual(memory.copied_bytes, 100)
            stream.write(bytes(100))
            self.assertEqual(memory.copied_bytes, 200)
        with SpooledIO() as stream:
            stream.write(bytes(100))
        self.assertEqual(memory.copied_bytes, 200)

    def test_prints_what_is_labelled(self):
        target = io.StringIO()
        with quire.track("Creating", file=target) as memory:
            kept = Bytes(b"x").center(50 * MEBIBYTE)
        self.assertRegex(target.getvalue(),
                         r"^Creating:\n    Allocated additional 50 MiB, peak \d+ MiB\n"
                         r"    Copied 50 MiB \(getvalue 50 MiB\), shared 0 MiB\n$")
        self.assertEqual(str(memory) + "\n", target.getvalue())
        with quire.track(file=target):
            del kept
        self.assertEqual(target.getvalue().count("\n"), 3)

    def test_lets_exceptions_through(self):
        with self.assertRaises(ZeroDivisionError):
            with quire.track() as memory:
                1 / 0
        self.assertEqual(memory.copied_bytes, 0)


class Traced(unittest.TestCase):
    def setUp(self):
        tracemalloc.start(5)
        self.addCleanup(tracemalloc.stop)

    def traced(self):
        snapshot = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.DomainFilter(True, quire.TRACEMALLOC_DOMAIN)])
        return snapshot.traces

    def seen(self):
        return sum(trace.size for trace in self.traced())

    def test_sees_new_bytes_at_the_line_that_made_them(self):
        made = Bytes(b"x").center(MEBIBYTE)
        traces = self.traced()
        self.assertEqual(sum(trace.size for trace in traces), MEBIBYTE)
        self.assertEqual(traces[0].traceback[-1].filename, __file__)
        part = made[5:]
        self.assertEqual(self.seen(), MEBIBYTE)
        del part, made
        self.assertEqual(len(self.traced()), 0)

    def test_counts_a_bytes_object_once(self):
        data = bytes(MEBIBYTE)
        shared = [Bytes(data), Bytes(data)[1:]]
        self.assertEqual(len(self.traced()), 0)
        self.assertEqual(len(shared), 2)

    def test_sees_text(self):
        with quire.StringIO("x" * MEBIBYTE) as stream:
            self.assertAlmostEqual(self.seen(), MEBIBYTE, delta=MEBIBYTE // 8)
            stream.write("y" * 3 * MEBIBYTE)
            self.assertAlmostEqual(self.seen(), 3 * MEBIBYTE, delta=MEBIBYTE)
            stream.__init__("short")
            self.assertEqual(self.seen(), 0)
            stream.write("z" * MEBIBYTE)
        self.assertEqual(self.seen(), 0)
        dropped = quire.StringIO("x" * MEBIBYTE)
        self.assertGreater(self.seen(), MEBIBYTE)
        del dropped
        self.assertEqual(self.seen(), 0)

    def test_sees_a_spooled_stream_while_it_is_in_memory(self):
        with SpooledIO(max_size=2 * MEBIBYTE) as stream:
            stream.write(bytes(MEBIBYTE))
            self.assertEqual(self.seen(), MEBIBYTE)
            stream.truncate(10)
            self.assertEqual(self.seen(), 10)
            stream.rollover()
            self.assertEqual(len(self.traced()), 0)
        stream = SpooledIO()
        stream.write(b"x")
        stream.close()
        self.assertEqual(len(self.traced()), 0)

    def test_is_part_of_a_report(self):
        with quire.track("Block", file=io.StringIO()) as memory:
            made = Bytes(b"x").center(MEBIBYTE)
        self.assertAlmostEqual(memory.traced_bytes, MEBIBYTE, delta=20_000)
        self.assertGreaterEqual(memory.traced_peak_bytes, MEBIBYTE)
        self.assertIn("Traced additional 1 MiB, peak 1 MiB", str(memory))
        del made


def copies():
    content = os.urandom(10 * MEBIBYTE)
    part = content[1024:]

    return len(part)


def views():
    content = os.urandom(10 * MEBIBYTE)
    part = Bytes(content)[1024:]
    return len(part)


def grows():
    kept = []
    for _ in range(10):
        kept.append(bytearray(os.urandom(MEBIBYTE)))
    return kept


class Profile(unittest.TestCase):
    ROW = re.compile(r"^ *([\d.]+) MB +(-?[\d.]+) MB   (.*)$", re.MULTILINE)

    def table(self, function, *arguments):
        target = io.StringIO()
        result = quire.profile(function, stream=target)(*arguments)
        return result, target.getvalue()

    def fresh_table(self, function):
        """The table of a function, and what each line added."""
        table = in_fresh_process(f"quire.profile(test_track.{function.__name__})()")
        return table, {text.strip(): float(added) for _, added, text in self.ROW.findall(table)}

    def test_prints_the_table_of_the_seed(self):
        table, rows = self.fresh_table(copies)
        lines = table.split("\n")
        self.assertEqual(lines[:4], [f"Filename: {copies.__code__.co_filename}", "",
                                     "Mem usage    Increment   Line Contents", "=" * 38])
        self.assertEqual(rows["def copies():"], 0)
        self.assertAlmostEqual(rows["content = os.urandom(10 * MEBIBYTE)"], 10, delta=0.5)
        self.assertAlmostEqual(rows["part = content[1024:]"], 10, delta=0.5)
        self.assertEqual(lines[-3:], ["copied 0.000 MB, shared 0.000 MB", "", ""])

    def test_shows_that_a_slice_costs_nothing(self):
        _, rows = self.fresh_table(views)
        self.assertAlmostEqual(rows["content = os.urandom(10 * MEBIBYTE)"], 10, delta=0.5)
        self.assertAlmostEqual(rows["part = Bytes(content)[1024:]"], 0, delta=0.3)

    def test_lines_of_loops_add_up(self):
        _, rows = self.fresh_table(grows)
        self.assertAlmostEqual(rows["kept.append(bytearray(os.urandom(MEBIBYTE)))"], 10, delta=1.5)

    def test_gives_what_the_function_gives(self):
        self.assertEqual(self.table(copies)[0], 10 * MEBIBYTE - 1024)

    def test_prints_when_the_function_raises(self):
        def fails():
            raise KeyError("x")

        target = io.StringIO()
        with self.assertRaises(KeyError):
            quire.profile(stream=target)(fails)()
        self.assertIn('raise KeyError("x")', target.getvalue())

    def test_leaves_the_tracer_as_it_was(self):
        def tracer(frame, event, argument):
            return None

        before = sys.gettrace()
        sys.settrace(tracer)
        try:
            self.table(copies)
            self.assertIs(sys.gettrace(), tracer)
        finally:
            sys.settrace(before)

    def test_recursion(self):
        def down(count):
            return 0 if count == 0 else 1 + down(count - 1)

        self.assertEqual(self.table(down, 5)[0], 5)

    def test_keeps_name_and_documentation(self):
        self.assertEqual(quire.profile(copies).__name__, "copies")

    def test_refuses_what_runs_later(self):
        def generates():
            yield

        async def waits():
            pass

        for function in generates, waits, len, 5:
            with self.assertRaises(TypeError):
                quire.profile(function)

    def test_function_without_source(self):
        scope = {}
        exec(textwrap.dedent("""
            def made(): return 5
        """), scope)
        result, table = self.table(scope["made"])
        self.assertEqual(result, 5)
        self.assertIn("Filename: <string>", table)


if __name__ == "__main__":
    unittest.main()
