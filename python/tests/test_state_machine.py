"""Random histories of streams, views, snapshots, clones and readers, with io.BytesIO as the oracle.

Each stream of quire's has a twin of io.BytesIO's that no view ever holds: what a view writes is
written into the twin as well. Beside it, what a million operations leave behind: nothing.
"""

import copy
import gc
import io
import os
import pickle
import sys

import pytest
import quire
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

# Among many interpreters only one goes the whole way.
TIMES_LESS = 8 if os.environ.get("QUIRE_SHORT") else 1
MOST_STREAMS = 6

indices = st.integers(0, 1 << 16)
counts = st.integers(-2, 40)


class Twins:
    """A stream, its oracle, and the views that pin its size."""

    def __init__(self, ours, oracle, independent=False):
        self.ours = ours
        self.oracle = oracle
        self.views = []
        self.independent = independent  # made by clone() or reader(): close() always succeeds

    @property
    def size(self):
        return self.oracle.getbuffer().nbytes


class Streams(RuleBasedStateMachine):
    """Histories of small streams; UNIT is what a count and a byte of data are multiplied with."""

    UNIT = 1

    def __init__(self):
        super().__init__()
        self.streams = [Twins(quire.BytesIO(), io.BytesIO())]
        self.kept = []

    def pick(self, i):
        return self.streams[i % len(self.streams)]

    def scaled(self, count):
        return count * self.UNIT

    def check(self):
        for twins in self.streams:
            expected = twins.oracle.getvalue()
            for view in twins.views:
                assert view == expected
            assert twins.ours.getvalue() == expected
        for value, expected in self.kept:
            assert value == expected

    def add(self, twins):
        if len(self.streams) < MOST_STREAMS:
            self.streams.append(twins)

    @invariant()
    def positions_and_sizes_are_equal(self):
        for twins in self.streams:
            assert twins.ours.tell() == twins.oracle.tell()
            assert twins.ours.size == twins.size

    @rule()
    def everything_is_equal(self):
        self.check()

    @rule(i=indices, data=st.binary(max_size=20), several=st.booleans())
    def write(self, i, data, several):
        twins, data = self.pick(i), data * self.UNIT
        end = twins.oracle.tell() + len(data)
        if twins.views and data and end > twins.size:
            with pytest.raises(BufferError):
                twins.ours.write(data)
        elif several:
            twins.ours.writelines([data[:5], data[5:]])
            twins.oracle.writelines([data[:5], data[5:]])
        else:
            assert twins.ours.write(data) == twins.oracle.write(data)

    @rule(i=indices, j=indices)
    def write_another_stream(self, i, j):
        twins, source = self.pick(i), self.pick(j)
        if not twins.views and twins.size + source.size < 4000 * self.UNIT:
            data = source.ours.getvalue()
            assert twins.ours.write(data) == twins.oracle.write(source.oracle.getvalue())

    @rule(i=indices, offset=st.integers(0, 40), data=st.binary(max_size=20))
    def write_at(self, i, offset, data):
        twins, offset, data = self.pick(i), self.scaled(offset), data * self.UNIT
        if twins.views and data and offset + len(data) > twins.size:
            with pytest.raises(BufferError):
                twins.ours.write_at(offset, data)
            return
        assert twins.ours.write_at(offset, data) == len(data)
        position = twins.oracle.tell()
        twins.oracle.seek(offset)
        twins.oracle.write(data)
        twins.oracle.seek(position)

    @rule(i=indices, offset=st.integers(0, 40), whence=st.integers(0, 2), sign=st.sampled_from([1, -1]))
    def seek(self, i, offset, whence, sign):
        twins, offset = self.pick(i), self.scaled(offset)
        if whence:
            offset *= sign
        assert twins.ours.seek(offset, whence) == twins.oracle.seek(offset, whence)

    @rule(i=indices, count=counts, name=st.sampled_from(["read", "read1", "readline"]))
    def read(self, i, count, name):
        twins, count = self.pick(i), self.scaled(count)
        value = getattr(twins.ours, name)(count)
        expected = getattr(twins.oracle, name)(count)
        assert type(value) is bytes
        assert value == expected
        self.kept.append((value, expected))

    @rule(i=indices, count=counts)
    def readlines(self, i, count):
        twins = self.pick(i)
        assert twins.ours.readlines(count) == twins.oracle.readlines(count)

    @rule(i=indices)
    def next(self, i):
        twins = self.pick(i)
        assert next(twins.ours, None) == next(twins.oracle, None)

    @rule(i=indices, count=st.integers(0, 40))
    def readinto(self, i, count):
        twins, count = self.pick(i), self.scaled(count)
        target, expected = bytearray(count), bytearray(count)
        assert twins.ours.readinto(target) == twins.oracle.readinto(expected)
        assert target == expected

    @rule(i=indices, count=st.integers(1, 40))
    def peek(self, i, count):
        twins, count = self.pick(i), self.scaled(count)
        start = twins.oracle.tell()
        assert twins.ours.peek(count) == twins.oracle.getvalue()[start:start + count]

    @rule(i=indices, offset=st.integers(0, 40), count=st.integers(0, 40))
    def read_at(self, i, offset, count):
        twins, offset, count = self.pick(i), self.scaled(offset), self.scaled(count)
        expected = twins.oracle.getvalue()[offset:offset + count]
        value = twins.ours.read_at(offset, count)
        assert value == expected
        self.kept.append((value, expected))

    @rule(i=indices, size=st.none() | st.integers(0, 60))
    def truncate(self, i, size):
        twins = self.pick(i)
        size = size if size is None else self.scaled(size)
        if twins.views:
            with pytest.raises(BufferError):
                twins.ours.truncate(size)
        else:
            assert twins.ours.truncate(size) == twins.oracle.truncate(size)

    @rule(i=indices, size=st.integers(0, 60))
    def resize(self, i, size):
        twins, size = self.pick(i), self.scaled(size)
        if twins.views and size != twins.size:
            with pytest.raises(BufferError):
                twins.ours.resize(size)
            return
        twins.ours.resize(size)
        position = twins.oracle.tell()
        twins.oracle.truncate(size)
        twins.oracle.seek(0, 2)
        twins.oracle.write(bytes(size - twins.size))
        twins.oracle.seek(position)

    @rule(i=indices, size=st.integers(0, 200))
    def reserve(self, i, size):
        twins = self.pick(i)
        if not twins.views:
            twins.ours.reserve(self.scaled(size))

    @rule(i=indices)
    def keep_value(self, i):
        twins = self.pick(i)
        value = twins.ours.getvalue()
        assert type(value) is bytes
        self.kept.append((value, twins.oracle.getvalue()))

    @rule(i=indices)
    def keep_snapshot(self, i):
        twins = self.pick(i)
        self.kept.append((twins.ours.snapshot(), twins.oracle.getvalue()))

    @precondition(lambda self: self.kept)
    @rule(i=indices)
    def forget(self, i):
        value, expected = self.kept.pop(i % len(self.kept))
        assert value == expected

    @rule(i=indices)
    def export(self, i):
        twins = self.pick(i)
        twins.views.append(twins.ours.getbuffer())

    @rule(i=indices, j=indices, at=indices, data=st.binary(min_size=1, max_size=4))
    def write_through_a_view(self, i, j, at, data):
        twins = self.pick(i)
        if not twins.views or not twins.size:
            return
        at %= twins.size
        data = (data * self.UNIT)[:twins.size - at]
        twins.views[j % len(twins.views)][at:at + len(data)] = data
        with twins.oracle.getbuffer() as view:
            view[at:at + len(data)] = data

    @rule(i=indices, j=indices)
    def release(self, i, j):
        twins = self.pick(i)
        if twins.views:
            view = twins.views.pop(j % len(twins.views))
            assert view == twins.oracle.getvalue()
            view.release()

    @rule(i=indices)
    def readinto_itself(self, i):
        twins = self.pick(i)
        if twins.size < 2:
            return
        half = twins.size // 2
        expected = twins.oracle.read(twins.size - half)
        with twins.ours.getbuffer() as view:
            assert twins.ours.readinto(view[half:]) == len(expected)
        with twins.oracle.getbuffer() as view:
            view[half:half + len(expected)] = expected

    @rule(i=indices)
    def clone(self, i):
        twins = self.pick(i)
        self.add(Twins(twins.ours.clone(), copy.copy(twins.oracle), independent=True))

    @rule(i=indices)
    def reader(self, i):
        twins = self.pick(i)
        self.add(Twins(twins.ours.reader(), io.BytesIO(twins.oracle.getvalue()), independent=True))

    @rule(i=indices, protocol=st.integers(2, 5))
    def pickle(self, i, protocol):
        twins = self.pick(i)
        ours = pickle.loads(pickle.dumps(twins.ours, protocol))
        self.add(Twins(ours, pickle.loads(pickle.dumps(twins.oracle, protocol))))

    @rule(i=indices)
    def stream_over_a_kept_value(self, i):
        value, expected = self.kept[i % len(self.kept)] if self.kept else (b"none kept", b"none kept")
        self.add(Twins(quire.BytesIO(value), io.BytesIO(expected)))

    @rule(i=indices, data=st.binary(max_size=20))
    def initialise_again(self, i, data):
        twins = self.pick(i)
        if twins.views:
            with pytest.raises(BufferError):
                twins.ours.__init__(data)
        else:
            twins.ours.__init__(data)
            twins.oracle.__init__(data)

    @rule(i=indices)
    def close(self, i):
        if len(self.streams) == 1:
            return
        twins = self.streams.pop(i % len(self.streams))
        if twins.views and not twins.independent and sys.version_info < (3, 16):
            with pytest.raises(BufferError):
                twins.ours.close()
            assert not twins.ours.closed
        else:
            twins.ours.close()
            assert twins.ours.closed
            with pytest.raises(ValueError, match="I/O operation on closed file."):
                twins.ours.read()
        for view in twins.views:
            assert view == twins.oracle.getvalue()

    def teardown(self):
        self.check()


class LargeStreams(Streams):
    """The same histories over the tiers of large blocks."""

    UNIT = 100_003


TestStreams = Streams.TestCase
TestStreams.settings = settings(max_examples=150 // TIMES_LESS, stateful_step_count=40, deadline=None,
                                suppress_health_check=list(HealthCheck))
TestLargeStreams = LargeStreams.TestCase
TestLargeStreams.settings = settings(max_examples=16 // TIMES_LESS, stateful_step_count=25, deadline=None,
                                     suppress_health_check=list(HealthCheck))


def resident():
    """The memory of this process that is in use, in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def small_life():
    stream = quire.BytesIO(b"first\nsecond\n")
    stream.readline()
    stream.seek(0, 2)
    stream.write(b"third")
    stream.seek(0)
    stream.read(3)
    stream.read()
    stream.getvalue()
    stream.truncate(4)
    stream.tell()


def views_and_snapshots():
    stream = quire.BytesIO(b"0123456789")
    with stream.getbuffer() as view:
        view[0] = 65
        stream.write(b"B")
    snapshot = stream.snapshot()
    stream.write(b"C")
    snapshot[1:3]
    stream.reader().read()
    clone = stream.clone()
    clone.write(b"D")
    clone.close()


def errors():
    stream = quire.BytesIO(b"0123456789")
    view = stream.getbuffer()
    for call in (lambda: stream.write("text"), lambda: stream.seek(-1), lambda: stream.read("x"),
                 lambda: stream.truncate(-1), lambda: stream.truncate(3), lambda: stream.seek(1, 9),
                 lambda: stream.readinto(b"x"), lambda: stream.writelines([b"", 5])):
        try:
            call()
        except (TypeError, ValueError, BufferError):
            pass
        else:
            raise AssertionError("no error")
    view.release()
    stream.close()


def cycles():
    stream = quire.BytesIO(b"0123456789")
    stream.myself = stream
    stream.view = stream.getbuffer()


def pickles():
    stream = quire.BytesIO(b"0123456789")
    stream.note = "kept"
    pickle.loads(pickle.dumps(stream)).read()
    copy.copy(stream)


@pytest.mark.parametrize("life, times", [
    (small_life, 50_000), (views_and_snapshots, 15_000), (errors, 12_000), (cycles, 10_000),
    (pickles, 10_000)])
def test_a_million_operations_leave_nothing_behind(life, times, monkeypatch):
    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    names = (quire.BytesIO, type(quire.BytesIO), bytes, memoryview, io.BytesIO)

    def counted():
        gc.collect()
        return [sys.getrefcount(name) for name in names], sys.getallocatedblocks(), len(gc.get_objects())

    for _ in range(1000):
        life()
    references, blocks, objects = counted()
    memory = resident()
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(times // TIMES_LESS):
        life()
    after = counted()
    assert complaints == []
    assert all(abs(x - y) < 50 for x, y in zip(after[0], references))
    assert abs(after[1] - blocks) < 500
    assert abs(after[2] - objects) < 500
    assert resident() - memory < 8 << 20
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_million_operations_on_one_stream_leave_nothing_behind():
    stream = quire.BytesIO(bytes(64_000))
    data, target = b"0123456789", bytearray(10)
    references = sys.getrefcount(data), sys.getrefcount(target)
    memory = resident()
    for i in range(143_000 // TIMES_LESS):
        stream.seek(i % 60_000)
        stream.write(data)
        stream.read(5)
        stream.readinto(target)
        stream.tell()
        stream.getvalue() if i % 500 == 0 else stream.readable()
        stream.seek(0)
    assert (sys.getrefcount(data), sys.getrefcount(target)) == references
    assert resident() - memory < 8 << 20


def test_kept_snapshots_of_a_large_stream_give_their_memory_back():
    # Where there are no pages to share each is a copy, and the allocator keeps what is freed below another.
    snapshots = 3 if os.environ.get("QUIRE_PAGES") == "copy" else 50
    stream = quire.BytesIO()
    stream.write(bytes(16 << 20))
    stream.snapshot()
    memory = resident()
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        kept = []
        for i in range(snapshots):
            kept.append(stream.snapshot())
            stream.write_at(i << 12, b"x")
        assert kept[-1][0] == kept[1][0]
        del kept
    gc.collect()
    assert resident() - memory < 64 << 20
    assert len(os.listdir("/proc/self/fd")) - descriptors < 8
