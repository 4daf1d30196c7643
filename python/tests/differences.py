"""What docs/python-differences.md says of the tests of CPython that are expected to fail."""

import pathlib
import re
import unittest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python-differences.md"
ROW = re.compile(r"^\| `(\w+)\.(\w+)\.(\w+)` \|", re.MULTILINE)


def expect_listed(module, base):
    """Marks, in a class made from `base` of CPython's `module`, the tests listed as differences."""

    def mark(case):
        for listed_module, listed_base, name in ROW.findall(PAGE.read_text(encoding="utf-8")):
            if (listed_module, listed_base) == (module, base) and hasattr(case, name):
                setattr(case, name, unittest.expectedFailure(copy_of(getattr(case, name))))
        return case

    return mark


def copy_of(test):
    """A function of its own: the mark must not reach CPython's class."""

    def run(self):
        return test(self)

    run.__name__ = test.__name__
    run.__qualname__ = test.__qualname__
    return run
