"""Threads that use one stream: what they see, and that they do not wait for what is not theirs."""

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from quire import Bytes, BytesIO, SpooledIO

MEBIBYTE = 1 << 20
LONG = 2 * MEBIBYTE
LONGER = 96 * MEBIBYTE


def run_python(program):
    """Runs a program in an interpreter of its own, which must end well."""
    answer = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True,
                            text=True, timeout=120)
    assert answer.returncode == 0, (answer.returncode, answer.stderr)


def written(size):
    stream = BytesIO()
    stream.write(bytes(size))
    return stream


def moved(size):
    """To the core."""
    stream = written(size)
    stream.snapshot()
    return stream


# --- the interpreter's lock -----------------------------------------------------------------------


def ticks_during(call):
    """How often another thread runs while `call` does, if only `call` can let it run."""
    ticks, stop = 0, False

    def tick():
        nonlocal ticks
        while not stop:
            ticks += 1
            time.sleep(0)

    thread = threading.Thread(target=tick)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        thread.start()
        start = ticks
        call()
        return ticks - start
    finally:
        stop = True
        sys.setswitchinterval(before)
        thread.join()


def after_value(stream):
    stream.value = stream.getvalue()
    return stream


LONG_CALLS = {
    "write": (BytesIO, lambda s: s.write(bytes(LONGER))),
    "write_at": (lambda: written(LONGER), lambda s: s.write_at(0, bytes(LONGER))),
    "write of a readonly view": (BytesIO, lambda s: s.write(memoryview(bytes(LONGER)))),
    "write after getvalue": (lambda: after_value(written(LONGER)), lambda s: s.write_at(0, b"x")),
    "getbuffer after getvalue": (lambda: after_value(written(LONGER)), lambda s: s.getbuffer()),
    "read": (lambda: written(LONGER), lambda s: s.read_at(1, LONGER - 1)),
    "snapshot": (lambda: written(LONGER), lambda s: s.snapshot()),
    "write to the core": (lambda: moved(LONGER), lambda s: s.write_at(0, bytes(LONGER))),
    "read from the core": (lambda: moved(LONGER), lambda s: s.seek(0) or s.read()),
    "getvalue from the core": (lambda: moved(LONGER), lambda s: s.getvalue()),
    "find": (lambda: Bytes(bytes(LONGER)), lambda b: b.find(b"x")),
    "write to a spooled stream": (SpooledIO, lambda s: s.write(bytes(LONGER))),
}
if os.environ.get("QUIRE_PAGES") == "copy":
    # The core works on the very bytes there, and gives them back: these take no time.
    for name in "snapshot", "read from the core", "getvalue from the core":
        del LONG_CALLS[name]


@pytest.mark.parametrize("name", LONG_CALLS)
def test_long_calls_let_other_threads_run(name):
    make, call = LONG_CALLS[name]
    # On a machine with other work a thread may come too late.
    for _ in range(10):
        thing = make()
        if ticks_during(lambda: call(thing)) > 0:
            return
    pytest.fail("no other thread ran in ten calls")


@pytest.mark.parametrize("call", [
    lambda s: s.write(bytearray(LONG)),
    lambda s: s.write(b"x" * 1000),
    lambda s: s.getvalue(),
    lambda s: s.getbuffer().release(),
], ids=["a source that may change", "few", "shared", "a view"])
def test_what_nothing_protects_and_what_is_short_does_not(call):
    stream = written(LONG)
    assert ticks_during(lambda: call(stream)) == 0


def test_a_view_keeps_the_lock():
    stream = written(LONGER)
    data = bytes(LONGER)
    with stream.getbuffer():
        assert ticks_during(lambda: stream.write_at(0, data)) == 0


def test_a_stream_over_memory_of_others_keeps_the_lock():
    stream = BytesIO.adopt(bytearray(LONGER))
    data = bytes(LONGER)
    assert ticks_during(lambda: stream.write_at(0, data)) == 0
    assert ticks_during(lambda: stream.clone().read()) == 0


# --- one stream -----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [written, moved], ids=["bytes", "core"])
def test_no_half_of_a_write_is_read(make):
    stream = make(LONG)
    torn, failures, stop = [], [], threading.Event()
    # Between a seek and its write another thread may move the position.
    position = threading.Lock()

    def guard(action):
        def run():
            try:
                while not stop.is_set():
                    action()
            except Exception as error:  # noqa: BLE001  (whatever it is, the test must say so)
                failures.append(error)
        return run

    def write(byte):
        data = byte * LONG

        def action():
            stream.write_at(0, data)
            with position:
                stream.seek(0)
                stream.write(data)
            assert stream.size == LONG
        return action

    def check(part):
        part = bytes(part)
        if len(part) != LONG or part.count(part[:1]) != LONG:
            torn.append((len(part), {part[i] for i in range(0, len(part), 4096)}))

    def read():
        check(stream.getvalue())
        check(stream.read_at(0, LONG))
        check(stream.snapshot())
        check(stream.clone().getvalue())
        check(stream.getbuffer(readonly=True))
        with stream.reader() as reader:
            target = bytearray(LONG)
            assert reader.readinto(target) == LONG
            check(target)

    threads = [threading.Thread(target=guard(action))
               for action in (write(b"\1"), write(b"\2"), write(b"\3"), read, read, read)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures and not torn


# Each time that one of them got the interpreter's lock the writer had begun anew: minutes passed.
@pytest.mark.parametrize("make", [written, moved], ids=["bytes", "core"])
def test_who_waits_has_a_turn_beside_a_thread_that_only_writes(make):
    stream = make(LONG)
    data = b"x" * LONG
    stop = threading.Event()

    def write():
        while not stop.is_set():
            stream.write_at(0, data)

    def seek():
        for _ in range(100):
            stream.seek(0)

    writer = threading.Thread(target=write)
    others = [threading.Thread(target=seek) for _ in range(3)]
    for thread in (writer, *others):
        thread.start()
    try:
        for thread in others:
            thread.join(timeout=30)
        assert not any(thread.is_alive() for thread in others)
    finally:
        stop.set()
        writer.join()


def test_every_call_beside_long_ones():
    """Whatever is called while another thread has the storage: never a crash, never another error."""
    stream = BytesIO(bytes(LONG))
    data = b"x" * LONG
    failures, stop = [], threading.Event()
    expected = (ValueError, BufferError)  # closed; a view of another thread

    def others():
        try:
            for i in range(8):
                for call in (
                        lambda: stream.seek(i), lambda: stream.read(10), lambda: stream.readline(10),
                        lambda: stream.readinto(bytearray(10)), lambda: stream.write(b"abc"),
                        lambda: stream.writelines([b"a", b"b"]), lambda: stream.tell(),
                        lambda: stream.size, lambda: stream.closed, lambda: stream.peek(3),
                        lambda: stream.__sizeof__(), lambda: stream.__getstate__(),
                        lambda: stream.read_view(100), lambda: stream.getbuffer().release(),
                        lambda: stream.snapshot(), lambda: next(stream), lambda: stream.readable(),
                        lambda: stream.truncate(LONG), lambda: stream.resize(LONG + i),
                        lambda: stream.reserve(2 * LONG), lambda: stream.readlines(100),
                        lambda: stream.__init__(data), lambda: stream.__setstate__((data, i, None)),
                        lambda: memoryview(stream.getbuffer().obj).release(),
                        lambda: (stream.close(), stream.__init__(data))):
                    try:
                        call()
                    except (StopIteration, *expected):
                        pass
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    def work():
        try:
            while not stop.is_set():
                try:
                    stream.write_at(0, data)
                    stream.getvalue()
                except expected:
                    pass
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work)]
    threads += [threading.Thread(target=others) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    stop.set()
    threads[0].join()
    assert not failures
    stream.__init__(b"whole")
    assert stream.getvalue() == b"whole"


# --- the ends of threads --------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_while_another_thread_writes():
    """The child has no such thread: its stream is closed, if it was being written to, and never waits."""
    run_python("""
        import os, signal, threading, warnings
        from quire import BytesIO
        warnings.simplefilter("ignore")
        stream, data = BytesIO(), bytes(16 << 20)
        stream.write(data)
        stop = threading.Event()

        def write():
            while not stop.is_set():
                stream.write_at(0, data)

        # A new thread has the stack of one that is not here.
        def overwrite_stacks():
            def recurse(depth):
                return depth and recurse(depth - 1)

            threads = [threading.Thread(target=recurse, args=(100,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        thread = threading.Thread(target=write)
        thread.start()
        outcomes = set()
        for _ in range(40):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                overwrite_stacks()
                try:
                    os._exit(0 if stream.read_at(0, 1) == b"\\0" else 1)
                except ValueError:
                    if not stream.closed:
                        os._exit(2)
                # It opens again as any other, and calls on it wait for nobody.
                stream.__init__(b"new")
                stream.write(data)
                os._exit(7 if stream.getvalue() == data else 3)
            outcomes.add(os.waitpid(child, 0)[1])
            if 7 << 8 in outcomes and len(outcomes) > 1:
                break
        stop.set()
        thread.join()
        assert outcomes <= {0, 7 << 8}, outcomes
    """)


@pytest.mark.parametrize("call", [
    "stream.write_at(0, data)", "stream.read_at(1, len(data) - 1)", "quire.Bytes(data).find(b'x')",
    "spool.seek(0) or spool.write(data)"])
def test_the_interpreter_ends_while_a_daemon_works(call):
    run_python(f"""
        import threading, time
        import quire
        data = bytes(8 << 20)
        stream, spool = quire.BytesIO(), quire.SpooledIO()
        stream.write(data)

        def work():
            while True:
                {call}

        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.2)
    """)
