"""What every client's test gets: the class under test, a measure of memory, and a photograph."""

import gc
import io
import tracemalloc
from pathlib import Path

import pytest
import quire

CLASSES = {"io": io.BytesIO, "quire": quire.BytesIO}
MEASURED = {}


@pytest.fixture(params=CLASSES)
def BytesIO(request):
    """The class that the test hands to its client: io.BytesIO, then quire.BytesIO."""
    return CLASSES[request.param]


class Memory:
    """Compares what an action adds at its highest with the size of what it works on."""

    def __init__(self, test, name):
        self.test = test
        self.name = name

    def check(self, action, size, **at_most):
        """Runs `action`; fails if its peak is above `at_most` times `size`; returns its result."""
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = action()
        _, peak = tracemalloc.get_traced_memory()
        times = (peak - before) / size
        MEASURED.setdefault(self.test, {})[self.name] = times
        assert times <= at_most[self.name], f"{times:.2f} times the {size} bytes of the payload"
        return result


@pytest.fixture
def memory(request):
    """A Memory for the class under test.

    tracemalloc counts from the first of these tests to the end: 3.13.0 crashes when it is stopped
    while a client's own thread allocates. So these tests come last.
    """
    tracemalloc.start()
    test = request.node.nodeid.rpartition("/")[2].partition("[")[0]
    return Memory(test, request.node.callspec.params["BytesIO"])


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: "memory" in item.fixturenames)


@pytest.fixture(scope="session")
def photograph():
    """The JPEG of examples/data, which its EXIF block says to turn by 90 degrees."""
    path = Path(__file__).parents[3] / "examples" / "data" / "grace_hopper.jpg"
    return path.read_bytes()


def pytest_terminal_summary(terminalreporter):
    if not MEASURED:
        return
    terminalreporter.section("peak of memory added, in multiples of the payload")
    terminalreporter.write_line(f"{'':80}" + "".join(f"{name:>9}" for name in CLASSES))
    for test, times in MEASURED.items():
        cells = "".join(f"{times[name]:9.2f}" if name in times else " " * 9 for name in CLASSES)
        terminalreporter.write_line(f"{test:80}{cells}")
