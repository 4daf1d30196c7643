"""The stubs say what the module has: mypy's stubtest compares the two, but for what calls give."""

import ast
import importlib.util
import io
import pathlib
import subprocess
import sys
import unittest

import quire

PACKAGE = pathlib.Path(quire.__file__).parent

OBJECTS = {
    "Bytes": lambda: quire.Bytes(b"ab cd\n"),
    "ByteView": lambda: quire.ByteView(bytearray(b"ab cd\n")),
    "BytesIO": lambda: quire.BytesIO(b"ab cd\n"),
    "SpooledIO": lambda: quire.SpooledIO(),
    "StringIO": lambda: quire.StringIO("ab cd\n"),
}
# What their methods are called with; the others with nothing.
ARGUMENTS = {
    **dict.fromkeys(["find", "rfind", "index", "rindex", "count", "startswith", "endswith", "partition",
                     "rpartition", "removeprefix", "removesuffix"], (b"b",)),
    **dict.fromkeys(["center", "ljust", "rjust", "zfill", "seek", "resize", "reserve"], (9,)),
    **dict.fromkeys(["read_at", "maketrans"], (b"a", b"b")),
    "read_at": (0, 1), "write_at": (0, b"x"), "replace": (b"a", b"b"), "join": ([b"a"],),
    "translate": (None,), "fromhex": ("00",), "adopt": (b"x",), "cast": ("B",),
    "readinto": (bytearray(1),), "readinto1": (bytearray(1),), "writelines": ([],),
    "__add__": (b"x",), "__mul__": (2,), "__rmul__": (2,), "__contains__": (b"x",), "__eq__": (b"",),
    "__ne__": (b"",), "__lt__": (b"",), "__le__": (b"",), "__gt__": (b"",), "__ge__": (b"",),
    "__deepcopy__": ({},), "__exit__": (None, None, None),
}
# Their results are Any, or depend on what they are called with.
LEFT_OUT = {"__init__", "__new__", "__getitem__", "__setitem__", "__delitem__", "__buffer__",
            "__release_buffer__", "__hash__", "__mod__", "__rmod__", "__iter__", "__class_getitem__"}


def is_a(value, annotation, own):
    """Whether a stub's annotation is what a value is."""
    if isinstance(annotation, ast.BinOp):
        return is_a(value, annotation.left, own) or is_a(value, annotation.right, own)
    if isinstance(annotation, ast.Constant):
        return value is annotation.value
    if isinstance(annotation, ast.Subscript):
        inside = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        items = value if type(value) in (list, tuple) else []
        return (annotation.value.id == type(value).__name__ and
                all(is_a(item, inside[i % len(inside)], own) for i, item in enumerate(items)))
    return annotation.id in ("Any", "Buffer", "Self" if type(value) is own else "",
                             type(value).__name__)


class Stubs(unittest.TestCase):
    def test_say_what_calls_give(self):
        for node in ast.parse((PACKAGE / "_quire.pyi").read_text(encoding="utf-8")).body:
            for item in getattr(node, "body", []):
                if not isinstance(item, ast.FunctionDef) or item.name in LEFT_OUT:
                    continue
                arguments = ARGUMENTS.get(item.name, ())
                if node.name == "StringIO" and item.name == "write":
                    arguments = ("x",)
                elif item.name == "write":
                    arguments = (b"x",)
                thing = OBJECTS[node.name]()
                property = any(getattr(name, "id", "") == "property" for name in item.decorator_list)
                try:
                    value = getattr(thing, item.name)
                    value = value if property else value(*arguments)
                except (AttributeError, StopIteration, io.UnsupportedOperation):
                    continue
                self.assertTrue(is_a(value, item.returns, type(thing)),
                                f"{node.name}.{item.name}: {value!r} is no {ast.dump(item.returns)}")

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
