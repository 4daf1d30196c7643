"""What a piece of a program copies, shares and allocates: track() and profile."""

import functools
import os
import sys

from quire._quire import _Report

_MEBIBYTE = 1 << 20


class track:
    """Measures what happens to memory in a block.

    with quire.track() as memory:
        stream.write(data)
    print(memory.copied_bytes, memory.shared_bytes)

    Given a label it prints a report when the block ends, to `file` or sys.stdout. Asked inside the
    block, the numbers are those of now; afterwards they are those of the end. All are bytes:

    copied, shared      dict: bytes that quire's objects copied, or handed on without a copy, by
                        reason: "growth", "copy-on-write", "getvalue" (results), "caller's buffer"
    copied_bytes,
    shared_bytes        their sums
    additional_bytes    what the process holds that it did not hold before; less than 0 if it gave back
    peak_bytes          how far above its start the process has been
    traced_bytes,
    traced_peak_bytes   the same as tracemalloc saw it, None unless it is tracing

    Whatever other threads do meanwhile is part of it.
    """

    def __init__(self, label=None, file=None):
        self.label = label
        self._file = file
        self._report = None
        self._end = None

    def __enter__(self):
        import tracemalloc

        self._end = None
        self._traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else None
        if self._traced is not None:
            tracemalloc.reset_peak()
        self._report = _Report()
        return self

    def __exit__(self, *exception):
        self._end = self._measure()
        self._report = None
        if self.label is not None:
            print(self, file=self._file)

    def _measure(self):
        report = self._report
        numbers = {
            "copied": report.copied(),
            "shared": report.shared(),
            "additional_bytes": report.additional_bytes(),
            "peak_bytes": report.peak_bytes(),
            "traced_bytes": None,
            "traced_peak_bytes": None,
        }
        if self._traced is not None:
            import tracemalloc

            now, peak = tracemalloc.get_traced_memory()
            numbers["traced_bytes"] = now - self._traced
            numbers["traced_peak_bytes"] = max(peak - self._traced, 0)
        return numbers

    def _number(self, name):
        if self._end is not None:
            return self._end[name]
        if self._report is None:
            raise ValueError("the block has not begun")
        return self._measure()[name]

    @property
    def copied(self):
        """Bytes copied, by reason."""
        return self._number("copied")

    @property
    def shared(self):
        """Bytes handed on without a copy, by reason."""
        return self._number("shared")

    @property
    def copied_bytes(self):
        """Bytes copied for any reason."""
        return sum(self.copied.values())

    @property
    def shared_bytes(self):
        """Bytes handed on without a copy, for any reason."""
        return sum(self.shared.values())

    @property
    def additional_bytes(self):
        """Bytes held that were not held before the block."""
        return self._number("additional_bytes")

    @property
    def peak_bytes(self):
        """How far the process has been above where it started."""
        return self._number("peak_bytes")

    @property
    def traced_bytes(self):
        """As additional_bytes, as tracemalloc sees it; None unless it is tracing."""
        return self._number("traced_bytes")

    @property
    def traced_peak_bytes(self):
        """As peak_bytes, as tracemalloc sees it; None unless it is tracing."""
        return self._number("traced_peak_bytes")

    def __str__(self):
        lines = [f"{self.label or 'Block'}:",
                 f"    Allocated additional {_mib(self.additional_bytes)}, "
                 f"peak {_mib(self.peak_bytes)}",
                 f"    Copied {_mib(self.copied_bytes)}{_reasons(self.copied)}, "
                 f"shared {_mib(self.shared_bytes)}{_reasons(self.shared)}"]
        if self.traced_bytes is not None:
            lines.append(f"    Traced additional {_mib(self.traced_bytes)}, "
                         f"peak {_mib(self.traced_peak_bytes)}")
        return "\n".join(lines)


def profile(function=None, *, stream=None):
    """Prints, after each call of the function, the memory of the process line by line.

    @quire.profile
    def work(): ...

    The table is memory_profiler's: resident memory after each line (the most, if it ran often) and
    what the line added; below it what quire's objects copied and shared in the call. MB are 2**20
    bytes. The table goes to `stream`, or sys.stdout.

    Lines are traced by sys.settrace, which slows them down, and keeps a debugger out meanwhile; other
    functions are not traced. Raises TypeError for a generator or coroutine function, whose lines run
    after the call.
    """
    import inspect

    if function is None:
        return functools.partial(profile, stream=stream)
    if not inspect.isfunction(function) or inspect.isgeneratorfunction(
            function) or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"a plain function is required, not {function!r}")

    @functools.wraps(function)
    def profiled(*args, **kwargs):
        lines = _Lines(function.__code__)
        with track() as memory:
            before = sys.gettrace()
            sys.settrace(lines.enter)
            try:
                return function(*args, **kwargs)
            finally:
                sys.settrace(before)
                lines.close()
                _print_table(function, lines, memory, stream)

    return profiled


class _Lines:
    """Resident memory after each line of a function, and what the line added."""

    def __init__(self, code):
        self.code = code
        self.usage = {}
        self.added = {}
        self._current = {}  # by frame: the line that runs, and the memory when it began
        self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        self._page = os.sysconf("SC_PAGE_SIZE")

    def close(self):
        os.close(self._statm)

    def resident(self):
        return int(os.pread(self._statm, 100, 0).split()[1]) * self._page

    def enter(self, frame, event, argument):
        if frame.f_code is not self.code:
            return None
        self._current[frame] = None
        now = self.resident()
        self.note(frame.f_lineno, now, 0)
        return self.step

    def step(self, frame, event, argument):
        if event == "exception":
            return self.step
        now = self.resident()
        running = self._current.get(frame)
        if running is not None:
            self.note(running[0], now, now - running[1])
        if event == "return":
            self._current.pop(frame, None)
        else:
            self._current[frame] = frame.f_lineno, self.resident()
        return self.step

    def note(self, line, usage, added):
        self.usage[line] = max(usage, self.usage.get(line, 0))
        self.added[line] = added + self.added.get(line, 0)


def _print_table(function, lines, memory, stream):
    source, first = _source(function)
    title = "Mem usage    Increment   Line Contents"
    out = [f"Filename: {function.__code__.co_filename}", "", title, "=" * len(title)]
    for number, text in enumerate(source, first):
        if number in lines.usage:
            numbers = (f"{lines.usage[number] / _MEBIBYTE:6.3f} MB "
                       f"{lines.added[number] / _MEBIBYTE:9.3f} MB")
        else:
            numbers = ""
        out.append(f"{numbers:22}   {text}".rstrip())
    out += ["", f"copied {_megabytes(memory.copied_bytes)}, "
                f"shared {_megabytes(memory.shared_bytes)}", ""]
    print("\n".join(out), file=stream)


def _source(function):
    """The lines of a function, its decorators included, and the number of the first."""
    import inspect

    try:
        source, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return [], 1
    return [line.rstrip("\n") for line in source], first


def _mib(size):
    return f"{round(size / _MEBIBYTE)} MiB"


def _megabytes(size):
    return f"{size / _MEBIBYTE:.3f} MB"


def _reasons(sizes):
    reasons = ", ".join(f"{reason} {_mib(size)}" for reason, size in sizes.items()
                        if round(size / _MEBIBYTE))
    return f" ({reasons})" if reasons else ""
