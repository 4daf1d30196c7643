"""The stubs say what the module has: mypy's stubtest compares the two."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

import quire

PACKAGE = pathlib.Path(quire.__file__).parent


class Stubs(unittest.TestCase):
    # requirements.txt has mypy for the newest interpreter only: the stubs are the same for all.
    @unittest.skipIf(importlib.util.find_spec("mypy") is None, "mypy is for CPython 3.13 and later")
    def test_agree_with_the_module(self):
        done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "--concise", "quire"],
                              env={"PYTHONPATH": str(PACKAGE.parent),
                                   "MYPYPATH": str(PACKAGE.parent)},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.returncode, 0)

    def test_are_part_of_the_package(self):
        for name in "py.typed", "__init__.pyi", "_quire.pyi", "_track.pyi":
            self.assertTrue((PACKAGE / name).exists(), name)

    def test_everything_has_documentation(self):
        for name in quire.__all__:
            item = getattr(quire, name)
            if isinstance(item, int):
                continue
            self.assertTrue(item.__doc__, name)
            for attribute, value in vars(item).items():
                if not attribute.startswith("_"):
                    self.assertTrue(getattr(value, "__doc__", None), f"{name}.{attribute}")


if __name__ == "__main__":
    unittest.main()
