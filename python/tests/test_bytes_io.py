"""quire.BytesIO beyond io.BytesIO: what it shares, what it survives, and what io.BytesIO gets wrong.

What both do alike is asked in test_probe.py and by CPython's own tests in test_memoryio.py.
"""

import copy
import gc
import io
import mmap
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import weakref

import pytest
import quire
from quire import BytesIO

MEBIBYTE = 1 << 20
LARGE = MEBIBYTE + 5


def pattern(size):
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def run_python(program, **environment):
    """What a program prints in an interpreter of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120,
        env={**os.environ, **environment})
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


# --- the faults of io.BytesIO that it does not have ----------------------------------------------


class TestFaultsOfTheOtherOne:
    def test_starting_again_under_a_view_loses_nothing(self):
        stream = BytesIO(b"abc")
        view = stream.getbuffer()
        with pytest.raises(BufferError):
            stream.__init__(b"other")
        assert stream.getvalue() == b"abc" == bytes(view)

    @pytest.mark.parametrize("initial", ["text", 5, [1], memoryview(b"abcd")[::2]])
    def test_starting_again_with_the_wrong_thing_loses_nothing(self, initial):
        stream = BytesIO(b"abc")
        stream.seek(1)
        with pytest.raises((TypeError, BufferError)):
            stream.__init__(initial)
        assert (stream.getvalue(), stream.tell()) == (b"abc", 1)

    @pytest.mark.parametrize("position", [sys.maxsize, sys.maxsize - 1, sys.maxsize - 40])
    def test_a_size_that_no_memory_can_hold(self, position):
        stream = BytesIO(b"abc")
        stream.seek(position)
        with pytest.raises(OverflowError):
            stream.write(b"x")
        assert (stream.getvalue(), stream.closed) == (b"abc", False)

    def test_no_memory_loses_nothing(self):
        stream = BytesIO()
        stream.write(b"abc")
        stream.seek(1 << 62)
        with pytest.raises(MemoryError):
            stream.write(b"x")
        assert (stream.getvalue(), stream.tell(), stream.closed) == (b"abc", 1 << 62, False)

    @pytest.mark.parametrize("shift", [1, 2, 7])
    def test_reading_into_a_view_of_itself(self, shift):
        data = pattern(100_000)
        stream = BytesIO(data)
        view = stream.getbuffer()
        assert stream.readinto(view[shift:]) == len(data) - shift
        assert bytes(view) == data[:shift] + data[:-shift]

    def test_a_hash_that_was_taken_before_a_write_in_place(self):
        """io.BytesIO gives out the same object, which has kept the hash of what it was."""
        stream = BytesIO()
        stream.write(b"abc" * 10)
        hash(stream.getvalue())
        stream.seek(0)
        stream.write(b"X")
        assert hash(stream.getvalue()) == hash(b"X" + (b"abc" * 10)[1:])
        assert stream.getvalue() in {b"X" + (b"abc" * 10)[1:]}

    def test_a_view_in_one_cycle_with_its_stream(self):
        stream = BytesIO(b"abc")
        stream.view = stream.getbuffer()
        stream.myself = stream
        alive = weakref.ref(stream)
        del stream
        gc.collect()
        assert alive() is None


# Before 3.12 nothing written in Python exports a buffer.
if sys.version_info >= (3, 12):

    class Exporter:
        """Bytes-like; runs `action` when its buffer is asked for."""

        def __init__(self, action):
            self.action = action

        def __buffer__(self, flags):
            self.action()
            return memoryview(b"x" * 1000)

    class TestBuffersThatReachBack:
        def test_a_buffer_that_closes_the_stream_while_it_is_written(self):
            stream = BytesIO(b"abc")
            with pytest.raises(ValueError, match="I/O operation on closed file"):
                stream.write(Exporter(stream.close))

        def test_a_buffer_that_takes_a_view_of_the_stream_it_is_written_to(self):
            stream = BytesIO(b"abc")
            views = []
            with pytest.raises(BufferError):
                stream.write(Exporter(lambda: views.append(stream.getbuffer())))
            assert bytes(views[0]) == b"abc" == stream.getvalue()

        def test_a_buffer_that_starts_the_stream_again(self):
            stream = BytesIO(b"abc")
            assert stream.write(Exporter(lambda: stream.__init__(b"other"))) == 1000
            assert stream.getvalue() == b"x" * 1000
            assert BytesIO.__init__(stream, Exporter(stream.getvalue)) is None

        def test_a_state_that_takes_a_view(self):
            stream = BytesIO(b"abc")
            views = []
            with pytest.raises(BufferError):
                stream.__setstate__((Exporter(lambda: views.append(stream.getbuffer())), 0, None))
            assert bytes(views[0]) == b"abc" == stream.getvalue()


# --- what costs nothing --------------------------------------------------------------------------


class TestSharing:
    @pytest.mark.parametrize("size", [2, 100, 511, 513, 4095, 4096, 100_000, LARGE])
    def test_getvalue_is_the_storage_itself(self, size):
        data = pattern(size)
        stream = BytesIO(data)
        assert stream.getvalue() is data
        assert stream.read() is data
        written = BytesIO()
        written.write(data[:1])
        written.write(data[1:])
        assert written.getvalue() is written.getvalue()
        assert written.getvalue() == data

    @pytest.mark.parametrize("size", [4096, 100_000, LARGE])
    def test_a_whole_read_after_writes_is_the_storage_itself(self, size):
        stream = BytesIO()
        for _ in range(3):
            stream.write(pattern(size))
        stream.seek(0)
        value = stream.read()
        assert value is stream.getvalue()
        assert value == pattern(size) * 3
        assert stream.tell() == 3 * size
        stream.seek(0)
        assert stream.read(4 * size) is value

    def test_what_was_given_out_never_changes(self):
        stream = BytesIO(b"0123456789")
        values = [stream.getvalue()]
        stream.seek(3)
        stream.write(b"abc")
        values.append(stream.getvalue())
        stream.truncate(5)
        values.append(stream.getvalue())
        stream.resize(8)
        values.append(stream.getvalue())
        stream.getbuffer()[0] = 33
        values.append(stream.getvalue())
        assert values == [b"0123456789", b"012abc6789", b"012ab", b"012ab\0\0\0", b"!12ab\0\0\0"]

    def test_a_copy_shares(self):
        stream = BytesIO(pattern(LARGE))
        stream.seek(7)
        for duplicate in (copy.copy(stream), stream.clone(), pickle.loads(pickle.dumps(stream))):
            assert duplicate.tell() == 7
            assert duplicate.getvalue() == stream.getvalue()
        assert copy.copy(stream).getvalue() is stream.getvalue()

    def test_a_readonly_view_hinders_nothing(self):
        stream = BytesIO()
        stream.write(b"0123456789")
        view = stream.getbuffer(readonly=True)
        assert view.readonly and view.obj is stream.getvalue()
        stream.write(b"more")
        stream.truncate(2)
        stream.close()
        assert bytes(view) == b"0123456789"

    def test_a_readonly_view_beside_a_writable_one(self):
        stream = BytesIO(b"0123456789")
        writable = stream.getbuffer()
        view = stream.getbuffer(readonly=True)
        writable[0] = 65
        assert (bytes(view), stream.getvalue()) == (b"0123456789", b"A123456789")

    def test_a_long_read_lets_other_threads_write(self):
        stream = BytesIO(bytes(4 * MEBIBYTE))
        torn, stop = [], threading.Event()

        def write():
            while not stop.is_set():
                for byte in (b"\1", b"\2"):
                    stream.write_at(MEBIBYTE, byte * 64)

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(30):
            stream.seek(1)
            part = stream.read(3 * MEBIBYTE)[MEBIBYTE - 1:MEBIBYTE + 63]
            if len(set(part)) != 1:
                torn.append(part)
        stop.set()
        writer.join()
        assert not torn

    def test_threads_on_one_stream_never_break_it(self):
        stream = BytesIO(pattern(2 * MEBIBYTE))
        failures = []

        def work(number):
            try:
                for i in range(60):
                    stream.seek(i * 1000)
                    stream.write(b"x" * 100)
                    stream.read(1000)
                    stream.getvalue()
                    stream.snapshot()
                    stream.readline(50)
                    if i % 20 == number:
                        stream.truncate(MEBIBYTE + i)
                    next(stream.reader())
            except Exception as error:  # noqa: BLE001  (whatever it is, the test must say so)
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures


# --- writing while a view lives ------------------------------------------------------------------


class TestWritingUnderAView:
    @pytest.mark.parametrize("make", [
        lambda: BytesIO(b"0123456789"), lambda: BytesIO(bytearray(b"0123456789")),
        lambda: BytesIO.adopt(bytearray(b"0123456789")), lambda: BytesIO(b"0123456789").clone()])
    def test_in_place_is_allowed(self, make):
        stream = make()
        with stream.getbuffer() as view:
            stream.seek(2)
            assert stream.write(b"ab") == 2
            assert bytes(view) == b"01ab456789"
            assert stream.write_at(9, b"!") == 1
            assert bytes(view) == b"01ab45678!" == stream.getvalue()
            assert stream.write(b"") == 0
            stream.writelines([b"c", b"d"])
            assert bytes(view) == b"01abcd678!"

    @pytest.mark.parametrize("make", [
        lambda: BytesIO(b"0123456789"), lambda: BytesIO.adopt(bytearray(b"0123456789"))])
    @pytest.mark.parametrize("call", [
        lambda s: s.write(b"x" * 11), lambda s: s.write_at(10, b"x"), lambda s: s.write_at(9, b"xy"),
        lambda s: s.truncate(3), lambda s: s.truncate(10), lambda s: s.resize(11),
        lambda s: s.resize(9), lambda s: s.reserve(1000), lambda s: s.__init__(b""),
        lambda s: s.__setstate__((b"a", 0, None))])
    def test_what_changes_the_size_is_refused(self, make, call):
        stream = make()
        with stream.getbuffer() as view:
            with pytest.raises(BufferError, match="object cannot be re-sized"):
                call(stream)
            assert bytes(view) == b"0123456789" == stream.getvalue()
        call(stream)

    def test_a_view_keeps_what_it_shows(self):
        stream = BytesIO(b"0123456789").clone()
        view = stream.getbuffer()
        again = memoryview(view.obj)
        stream.close()
        view[0] = 65
        assert bytes(again) == b"A123456789"
        later = memoryview(view.obj)
        del view
        again.release()
        assert bytes(later) == b"A123456789"
        viewed = later.obj
        later.release()
        with pytest.raises(ValueError, match="closed"):
            memoryview(viewed)

    def test_a_stream_that_opens_again_is_not_pinned_by_old_views(self):
        stream = BytesIO(b"0123456789").clone()
        view = stream.getbuffer()
        stream.close()
        stream.__init__(b"new")
        stream.seek(0, 2)
        stream.write(b"er")
        del view
        stream.write(b"!")
        assert stream.getvalue() == b"newer!"


# --- closing -------------------------------------------------------------------------------------


class TestKeepOpen:
    def test_a_consumer_closes_nothing(self):
        stream = BytesIO(b"abc", keep_open=True)
        with stream:
            stream.close()
        io.TextIOWrapper(stream).close()
        io.BufferedReader(stream).close()
        del stream
        stream = BytesIO(b"abc", keep_open=True)
        io.TextIOWrapper(stream)
        gc.collect()
        assert not stream.closed and stream.read() == b"abc"

    @pytest.mark.parametrize("wrap", [io.BufferedWriter, io.BufferedRandom])
    def test_a_buffer_around_it_has_written_everything(self, wrap, monkeypatch):
        """From 3.13 on it says, when it goes, that it cannot be flushed any more."""
        ignored = []
        monkeypatch.setattr(sys, "unraisablehook", lambda problem: ignored.append(problem.exc_value))
        stream = BytesIO(keep_open=True)
        wrapper = wrap(stream)
        wrapper.write(b"closed")
        wrapper.close()
        assert stream.getvalue() == b"closed"
        with pytest.raises(ValueError, match="write to closed file"):
            wrapper.write(b"x")
        del wrapper
        gc.collect()
        if sys.version_info >= (3, 13):
            assert [str(error) for error in ignored] == ["flush of closed file"]
        ignored.clear()
        wrapper = wrap(stream)
        wrapper.write(b" detached")
        assert wrapper.detach() is stream
        del wrapper
        gc.collect()
        assert (stream.getvalue(), ignored) == (b"closed detached", [])

    def test_the_owner_closes(self):
        stream = BytesIO(keep_open=True)
        assert stream.keep_open is True
        stream.keep_open = False
        stream.close()
        assert stream.closed

    def test_closing_under_a_view_is_no_error(self):
        stream = BytesIO(b"abc", keep_open=True)
        view = stream.getbuffer()
        stream.close()
        with stream:
            pass
        assert bytes(view) == stream.getvalue()

    def test_it_is_a_keyword_only(self):
        with pytest.raises(TypeError):
            BytesIO(b"", True)
        with pytest.raises(AttributeError):
            del BytesIO().keep_open
        assert BytesIO(initial_bytes=b"a", keep_open=1).keep_open is True
        assert BytesIO().keep_open is False

    def test_a_subclass_takes_it(self):
        class Upload(BytesIO):
            def __init__(self, name):
                super().__init__(b"abc", keep_open=True)
                self.name = name

        stream = Upload("x")
        stream.close()
        assert (stream.read(), stream.name) == (b"abc", "x")

    @pytest.mark.parametrize("derive", ["reader", "clone"])
    @pytest.mark.parametrize("size", [10, LARGE])
    def test_derived_streams_close_under_a_view(self, derive, size):
        stream = getattr(BytesIO(pattern(size)), derive)()
        view = stream.getbuffer()
        stream.close()
        assert bytes(view) == pattern(size)


# --- snapshots, readers, clones ------------------------------------------------------------------


def made_by_writes(size):
    stream = BytesIO()
    stream.write(pattern(size))
    return stream


SIZES = [0, 1, 2, 4095, 4096, MEBIBYTE - 1, MEBIBYTE, LARGE, 5 * MEBIBYTE]


class TestSnapshots:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("make", [made_by_writes, lambda size: BytesIO(pattern(size))])
    def test_a_snapshot_never_changes(self, size, make):
        stream = make(size)
        before = pattern(size)
        stream.seek(size // 2)
        snapshot = stream.snapshot()
        assert isinstance(snapshot, quire.Bytes)
        assert (stream.tell(), stream.size) == (size // 2, size)
        stream.write(b"other")
        stream.write_at(0, b"A")
        stream.truncate(3)
        assert bytes(snapshot) == before
        stream.close()
        assert bytes(snapshot) == before

    @pytest.mark.parametrize("size", SIZES)
    def test_everything_goes_on_after_a_snapshot(self, size):
        """The same calls on a stream that moved to the core and on io.BytesIO."""
        ours, theirs = made_by_writes(size), io.BytesIO(pattern(size))
        ours.snapshot()

        def both(call):
            results = []
            for stream in (ours, theirs):
                try:
                    results.append(call(stream))
                except Exception as error:  # noqa: BLE001  (compared below)
                    results.append((type(error), str(error)))
            assert results[0] == results[1]

        both(lambda s: s.seek(0))
        both(lambda s: s.read(10))
        both(lambda s: s.readline())
        both(lambda s: s.readline(3))
        both(lambda s: next(s, None))
        both(lambda s: s.write(b"one\ntwo"))
        both(lambda s: s.tell())
        both(lambda s: s.getvalue())
        both(lambda s: s.seek(-3, 2))
        both(lambda s: s.read())
        both(lambda s: s.read())
        both(lambda s: s.seek(size // 2))
        both(lambda s: s.readinto(bytearray(100)))
        both(lambda s: s.readlines(5000)[:3])
        both(lambda s: s.seek(size + 10))
        both(lambda s: s.write(b"end"))
        both(lambda s: s.getvalue()[-20:])
        both(lambda s: s.truncate(-1))
        both(lambda s: s.seek(-1))
        both(lambda s: s.seek(0, 5))
        both(lambda s: s.truncate(size // 2 + 3))
        both(lambda s: s.getvalue())
        both(lambda s: s.writelines([b"a", b"b"]))
        both(lambda s: bytes(s.getbuffer()[-20:]))
        both(lambda s: s.__getstate__())
        both(lambda s: s.seek(1 << 62))
        both(lambda s: s.read())
        both(lambda s: s.truncate())
        both(lambda s: s.seek(0))
        both(lambda s: s.read())
        both(lambda s: s.closed)
        both(lambda s: s.close())
        both(lambda s: s.read())
        both(lambda s: s.closed)

    def test_the_second_one_of_a_large_stream_copies_nothing_and_a_write_pages(self):
        stream = made_by_writes(8 * MEBIBYTE)
        stream.snapshot()

        def added(make):
            tracemalloc.start()
            try:
                return make(), tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        keep, peak = added(lambda: [stream.snapshot() for _ in range(200)])
        assert peak < MEBIBYTE
        # The 8 MiB are there once or twice, and 200 times the pages in which a snapshot differs from them. Without
        # pages each snapshot takes all of them.
        kept, most = (3, 33) if os.environ.get("QUIRE_PAGES") == "copy" else (200, 100)
        keep, peak = added(lambda: [
            (stream.write_at(i * 5000, b"x"), stream.snapshot())[1] for i in range(kept)])
        assert peak < most * MEBIBYTE
        assert bytes(keep[0])[5000] == pattern(5001)[5000]
        assert bytes(keep[1])[5000] == ord("x")

    def test_getvalue_of_a_converted_stream_is_made_once(self):
        stream = made_by_writes(LARGE)
        stream.snapshot()
        value = stream.getvalue()
        assert stream.getvalue() is value
        stream.write(b"x")
        assert stream.getvalue() == value + b"x"
        with stream.getbuffer() as view:
            view[0] = 255
            assert stream.getvalue()[0] == 255
            view[0] = 254
            assert stream.getvalue()[0] == 254
        view = None
        assert stream.getvalue()[0] == 254
        stream.seek(0)
        assert stream.read() is stream.getvalue()

    @pytest.mark.parametrize("size", [10, LARGE])
    def test_a_snapshot_beside_a_live_view(self, size):
        stream = made_by_writes(size)
        view = stream.getbuffer()
        snapshot = stream.snapshot()
        view[0] = 255
        assert bytes(snapshot) == pattern(size)
        clone = stream.clone()
        view[1] = 255
        assert clone.getvalue() == b"\xff" + pattern(size)[1:]

    def test_memory_is_not_doubled(self):
        """Neither in the interpreter's memory nor in files in memory."""
        if not os.path.exists("/proc/self/status") or os.environ.get("QUIRE_PAGES") == "copy":
            pytest.skip("no pages to share")
        peak, files = map(int, run_python("""
            import os
            from quire import BytesIO

            def status(name):
                for line in open("/proc/self/status"):
                    if line.startswith(name):
                        return int(line.split()[1]) * 1024

            stream = BytesIO()
            for _ in range(50):
                stream.write(b"x" * (1 << 20))
            before, highest = status("RssAnon"), status("VmHWM")
            snapshot = stream.snapshot()
            names = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
            files = sum(os.stat(name).st_blocks * 512 for name in names
                        if os.path.lexists(name) and "memfd" in os.readlink(name))
            print(status("VmHWM") - highest, files + status("RssAnon") - before)
        """).split())
        assert peak < 24 * MEBIBYTE
        assert files < 16 * MEBIBYTE

    @pytest.mark.parametrize("limit", range(1, 14, 2))
    def test_a_conversion_that_fails_loses_nothing(self, limit):
        """At each chunk, once because the file may not grow and once because there is no memory."""
        program = """
            import resource, signal
            from quire import BytesIO
            size = 12 * (1 << 20) + 17
            data = (bytes(range(251)) * (size // 251 + 1))[:size]
            stream = BytesIO()
            stream.write(data)
            stream.seek(77)
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.{what}, ({base} + {limit} * (1 << 20),) * 2)
            try:
                snapshot = stream.snapshot()
            except MemoryError:
                snapshot = None
            assert stream.tell() == 77
            for at in range(0, size, 65536):
                part = data[at:at + 65536]
                assert stream.read_at(at, 65536) == part
                assert snapshot is None or snapshot[at:at + 65536] == part
            print("whole")
        """
        limits = [("RLIMIT_FSIZE", "0"), ("RLIMIT_AS", "used")]
        if "QUIRE_SANITIZED" in os.environ:  # they have terabytes of addresses for themselves
            limits.pop()
        for what, base in limits:
            assert run_python(program.format(what=what, base=base, limit=limit)) == "whole\n"


class TestReadersAndClones:
    @pytest.mark.parametrize("size", SIZES)
    def test_they_are_independent(self, size):
        stream = made_by_writes(size)
        stream.seek(size // 2)
        reader, clone = stream.reader(), stream.clone()
        assert (reader.tell(), clone.tell()) == (0, size // 2)
        assert reader.read() == pattern(size)
        clone.write(b"clone")
        stream.write(b"stream")
        reader.close()
        half = pattern(size)[:size // 2]
        assert clone.getvalue() == half + b"clone" + pattern(size)[size // 2 + 5:]
        assert stream.getvalue() == half + b"stream" + pattern(size)[size // 2 + 6:]
        stream.close()
        assert clone.readline(1) == clone.getvalue()[size // 2 + 5:][:1]

    def test_they_are_of_the_class_itself(self):
        class Mine(BytesIO):
            pass

        assert type(Mine(b"a").clone()) is BytesIO
        assert type(Mine(b"a").reader()) is BytesIO

    def test_a_thousand_readers_of_one_stream(self):
        stream = made_by_writes(4 * MEBIBYTE)
        readers = [stream.reader() for _ in range(1000)]
        stream.close()
        assert all(reader.read(4) == pattern(4) for reader in readers)

    @pytest.mark.parametrize("name", ["snapshot", "reader", "clone", "read_view", "peek"])
    def test_a_closed_stream_has_none(self, name):
        stream = BytesIO(b"abc")
        stream.close()
        with pytest.raises(ValueError, match="I/O operation on closed file"):
            getattr(stream, name)()


# --- beside the position -------------------------------------------------------------------------


def both_states(size):
    converted = made_by_writes(size)
    converted.snapshot()
    return [made_by_writes(size), BytesIO(pattern(size)), converted, BytesIO.adopt(pattern(size)),
            BytesIO.adopt(bytearray(pattern(size)))]


class TestBesideThePosition:
    @pytest.mark.parametrize("size", [0, 10, LARGE])
    def test_read_at_and_peek(self, size):
        for stream in both_states(size):
            stream.seek(3)
            for offset in (0, 1, size // 2, size, size + 5):
                for count in (0, 1, 7, size, size + 5):
                    assert stream.read_at(offset, count) == pattern(size)[offset:offset + count]
            assert stream.peek(4) == pattern(size)[3:7]
            assert stream.peek() == stream.peek(None) == stream.peek(-1)
            assert stream.peek() == pattern(size)[3:3 + io.DEFAULT_BUFFER_SIZE]
            assert stream.tell() == 3

    @pytest.mark.parametrize("size", [0, 10, LARGE])
    def test_write_at(self, size):
        for offset in (0, 5, size, size + 7):
            for stream in both_states(size):
                expected = io.BytesIO(pattern(size))
                expected.seek(offset)
                expected.write(b"hello")
                stream.seek(2)
                assert stream.write_at(offset, bytearray(b"hello")) == 5
                assert stream.getvalue() == expected.getvalue()
                assert stream.tell() == 2

    @pytest.mark.parametrize("size", [0, 10, LARGE])
    def test_resize_and_reserve(self, size):
        for stream in both_states(size):
            stream.seek(4)
            assert stream.resize(size + 100) == size + 100 == stream.size
            assert stream.getvalue() == pattern(size) + bytes(100)
            assert stream.reserve(2 * size + 1000) is None
            assert stream.resize(size // 2) == size // 2
            assert stream.getvalue() == pattern(size)[:size // 2]
            stream.resize(size)
            assert stream.getvalue() == pattern(size)[:size // 2] + bytes(size - size // 2)
            assert stream.tell() == 4

    @pytest.mark.parametrize("size", [0, 10, LARGE])
    def test_read_view(self, size):
        for stream in both_states(size):
            stream.seek(0)
            first = stream.read_view(4)
            second = stream.read_view()
            assert (bytes(first), bytes(second)) == (pattern(size)[:4], pattern(size)[4:])
            assert bytes(stream.read_view()) == b"" == bytes(stream.read_view(5))
            assert stream.tell() == size
            stream.seek(0)
            stream.write(b"changed")
            assert (bytes(first), bytes(second)) == (pattern(size)[:4], pattern(size)[4:])

    @pytest.mark.parametrize("call, error", [
        (lambda s: s.read_at(-1, 1), ValueError), (lambda s: s.read_at(0, -1), ValueError),
        (lambda s: s.read_at(0), TypeError), (lambda s: s.read_at(0, "1"), TypeError),
        (lambda s: s.write_at(-1, b""), ValueError), (lambda s: s.write_at(0, "s"), TypeError),
        (lambda s: s.write_at(0), TypeError), (lambda s: s.resize(-1), ValueError),
        (lambda s: s.resize(None), TypeError), (lambda s: s.reserve(-1), ValueError),
        (lambda s: s.resize(sys.maxsize), OverflowError), (lambda s: s.peek("1"), TypeError),
        (lambda s: s.write_at(sys.maxsize, b"x"), OverflowError),
        (lambda s: s.resize(1 << 60), (MemoryError, OverflowError)),
        (lambda s: s.reserve(1 << 60), (MemoryError, OverflowError)),
        (lambda s: s.read_view("1"), TypeError)])
    def test_errors_change_nothing(self, call, error):
        for stream in both_states(10):
            stream.seek(3)
            with pytest.raises(error):
                call(stream)
            assert (stream.getvalue(), stream.tell()) == (pattern(10), 3)


class TestAdopt:
    def test_writes_go_into_the_buffer(self):
        data = bytearray(b"0123456789")
        stream = BytesIO.adopt(data)
        stream.seek(2)
        stream.write(b"ab")
        assert data == b"01ab456789"
        data[0] = 65
        assert stream.read_at(0, 1) == b"A"
        with pytest.raises(BufferError):
            data.append(1)
        stream.seek(0, 2)
        stream.write(b"grown")
        data.append(1)
        stream.seek(0)
        stream.write(b"Z")
        assert (bytes(data), stream.getvalue()) == (b"A1ab456789\1", b"Z1ab456789grown")

    def test_the_buffer_is_let_go_of(self):
        data = bytearray(b"0123456789")
        for end in (lambda s: s.close(), lambda s: s.__init__(), lambda s: None):
            stream = BytesIO.adopt(data)
            end(stream)
            del stream
            data.append(1)

    @pytest.mark.parametrize("wrap", [memoryview, lambda data: data, quire.Bytes])
    def test_what_is_readonly_is_never_written_to(self, wrap):
        data = pattern(100)
        for call in (lambda s: s.write(b"x"), lambda s: s.write_at(50, b"x"),
                     lambda s: s.getbuffer().__setitem__(0, 33),
                     lambda s: (s.truncate(50), s.write(b"y")),
                     lambda s: (s.reserve(10), s.write(b"y")),
                     lambda s: (s.resize(200), s.write_at(0, b"y"))):
            stream = BytesIO.adopt(wrap(data))
            assert stream.getvalue() == data
            call(stream)
            assert stream.getvalue() != data
            assert data == pattern(100)

    def test_a_mapped_file(self, tmp_path):
        path = tmp_path / "file"
        path.write_bytes(pattern(10_000))
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            stream = BytesIO.adopt(mapped)
            stream.seek(5000)
            stream.write(b"hello")
            stream.close()
        assert path.read_bytes() == pattern(5000) + b"hello" + pattern(10_000)[5005:]

    def test_a_subclass_gets_its_own(self):
        class Mine(BytesIO):
            pass

        stream = Mine.adopt(bytearray(b"abc"))
        assert type(stream) is Mine and stream.read() == b"abc"

    @pytest.mark.parametrize("thing", ["text", 5, None, memoryview(b"abcd")[::2]])
    def test_only_buffers(self, thing):
        with pytest.raises((TypeError, BufferError)):
            BytesIO.adopt(thing)

    def test_an_empty_buffer(self):
        stream = BytesIO.adopt(bytearray())
        stream.write(b"abc")
        assert stream.getvalue() == b"abc"


# --- the object ----------------------------------------------------------------------------------


class TestTheObject:
    def test_its_module_and_name(self):
        assert (BytesIO.__module__, BytesIO.__qualname__) == ("quire", "BytesIO")
        assert BytesIO.__bases__ == io.BytesIO.__bases__
        assert isinstance(BytesIO(), io.BufferedIOBase)

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize("size", [0, 10, LARGE])
    def test_pickle(self, protocol, size):
        for stream in both_states(size):
            stream.seek(5)
            stream.note = "kept"
            again = pickle.loads(pickle.dumps(stream, protocol))
            assert (again.getvalue(), again.tell(), again.note) == (pattern(size), 5, "kept")

    @pytest.mark.parametrize("size", [0, LARGE])
    def test_reading_lines_calls_no_method_of_a_subclass(self, size):
        class Peeking(BytesIO):
            def peek(self, size=0):
                raise AssertionError("called")

            read = read1 = peek

        stream = Peeking(b"x" * size + b"\nb\nc\nd")
        stream.snapshot()
        assert stream.readline() == b"x" * size + b"\n"
        assert (next(stream), stream.readlines()) == (b"b\n", [b"c\n", b"d"])

    def test_its_memory_is_known(self):
        small = sys.getsizeof(BytesIO())
        stream = BytesIO()
        stream.write(bytes(100_000))
        assert small + 100_000 <= sys.getsizeof(stream) <= small + 150_100
        value = stream.getvalue()
        assert sys.getsizeof(stream) <= small
        del value
        assert sys.getsizeof(stream) >= 100_000
        stream.resize(LARGE)
        stream.snapshot()
        assert sys.getsizeof(stream) >= LARGE

    def test_tracemalloc_sees_its_memory(self):
        tracemalloc.start()
        stream = BytesIO()
        for _ in range(100):
            stream.write(bytes(10_000))
        current, _ = tracemalloc.get_traced_memory()
        stream.close()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 1_000_000 < current - after < 1_600_000

    @pytest.mark.skipif(os.environ.get("QUIRE_PAGES") == "copy", reason="no pages to share")
    def test_tracemalloc_sees_the_memory_of_a_stream_that_moved(self):
        """Whoever has it: the stream, a clone, or a snapshot alone. Each page once, to a few of them."""
        few = 16 * 4096
        copied = 100 * 4096

        def seen():
            snapshot = tracemalloc.take_snapshot().filter_traces(
                [tracemalloc.DomainFilter(True, quire.TRACEMALLOC_DOMAIN)])
            return sum(trace.size for trace in snapshot.traces)

        def check(size):
            assert size - few <= seen() <= size + few

        def change(stream):
            for i in range(0, copied, 4096):
                stream.write_at(i, b"x")

        tracemalloc.start()
        try:
            stream = made_by_writes(LARGE)
            first, reader = stream.snapshot(), stream.reader()
            check(LARGE)
            assert tracemalloc.get_traced_memory()[0] < 1.5 * LARGE
            change(stream)
            check(LARGE + copied)
            second = stream.snapshot()
            change(stream)
            check(LARGE + 2 * copied)
            change(reader)
            check(LARGE + 3 * copied)
            stream.seek(0, 2)
            stream.write(bytes(LARGE))
            check(2 * LARGE + 3 * copied)
            with stream.getbuffer() as view:
                view[LARGE // 2:LARGE // 2 + copied] = bytes(copied)
            check(2 * LARGE + 4 * copied)
            stream.close()
            del reader
            # What the stream appended went into the file that the snapshots have, too.
            check(2 * LARGE + copied)
            assert bytes(second[:1]) == b"x"
            del second
            check(2 * LARGE)
            assert bytes(first[:1]) == pattern(1)
            del first
            assert seen() == 0
            adopted = BytesIO.adopt(bytearray(10))
            adopted.write(bytes(10_000))
            assert 10_000 <= seen() < 20_000
            adopted.truncate(0)
            adopted.close()
            assert seen() == 0
        finally:
            tracemalloc.stop()

    def test_a_snapshot_may_be_dropped_by_any_thread_and_at_the_end(self):
        run_python("""
            import threading
            from quire import BytesIO
            stream = BytesIO(b"x" * 1000)
            kept = [stream.snapshot() for _ in range(10)]
            thread = threading.Thread(target=kept.clear)
            thread.start()
            thread.join()
            kept = [stream.snapshot(), BytesIO(bytes(3 << 20)).snapshot(), stream.read_view()]
            import builtins
            builtins.kept = kept
        """)
