"""quire.ByteView: what bytes can do, in the memory of any exporter."""

import array
import gc
import io
import mmap
import tempfile
import timeit
import unittest
import weakref

from quire import Bytes, ByteView

import test_bytes
from test_bytes import TEXTS, calls, outcome


class SameAsBytesInPlace(unittest.TestCase):
    ABSENT = {"__mul__", "__rmul__", "__add__", "__hash__", "__repr__"}

    def test_every_method_answers_as_bytes_does(self):
        for name, arguments in calls():
            if name in self.ABSENT:
                continue
            if any(hasattr(argument, "__next__") for argument in arguments):
                arguments = tuple(list(argument) for argument in arguments)
            for text in TEXTS:
                expected = outcome(text, name, arguments)
                result = outcome(ByteView(bytearray(b"<" + text + b">"))[1:-1], name, arguments)
                if expected[0] in test_bytes.SameAsBytes.LOOSE:
                    expected, result = expected[:1], result[:1]
                self.assertEqual(result, expected, (text, name, arguments))

    def test_of_any_exporter(self):
        numbers = array.array("H", [1, 2, 3])
        for exporter in [b"abcdef", bytearray(b"abcdef"), Bytes(b"abcdef"), memoryview(b"abcdef"),
                         memoryview(b"..abcdef")[2:], io.BytesIO(b"abcdef").getbuffer(), numbers,
                         memoryview(numbers), ByteView(b"abcdef")]:
            view = ByteView(exporter)
            self.assertEqual(view.tobytes(), memoryview(exporter).tobytes())
            self.assertEqual(len(view), 6)
            self.assertEqual(view.nbytes, 6)
            self.assertEqual(view.readonly, memoryview(exporter).readonly)
        with tempfile.TemporaryFile() as file:
            file.write(b"mapped file")
            file.flush()
            with mmap.mmap(file.fileno(), 0) as mapped, ByteView(mapped) as view:
                self.assertEqual(view.split(), [b"mapped", b"file"])
                self.assertIs(view.obj, mapped)

    def test_what_it_cannot_look_at(self):
        for object, error, message in [
            ("text", TypeError, "a bytes-like object is required, not 'str'"),
            (5, TypeError, "a bytes-like object is required, not 'int'"),
            (memoryview(b"abcd")[::2], BufferError,
             "memoryview: underlying buffer is not C-contiguous"),
        ]:
            with self.assertRaises(error) as caught:
                ByteView(object)
            self.assertEqual(str(caught.exception), message)
        for arguments in [(), (b"a", b"b")]:
            self.assertRaises(TypeError, ByteView, *arguments)


class Parts(unittest.TestCase):
    def test_share_and_are_writable(self):
        whole = bytearray(b"key=value; other=thing")
        view = ByteView(whole)
        first, second = view.split(b"; ")
        key, _, value = first.partition(b"=")
        value[:] = b"VALUE"
        second.strip(b"o")[0] = ord("T")
        self.assertEqual(whole, b"key=VALUE; oTher=thing")
        self.assertEqual(key, b"key")
        for part in first, second, key, value, view[3:], view.lstrip(b"k"):
            self.assertIs(part.obj, whole)
            self.assertFalse(part.readonly)

    def test_other_steps_are_copies(self):
        part = ByteView(b"abcdef")[::2]
        self.assertIs(type(part), Bytes)
        self.assertEqual(part, b"ace")

    def test_new_bytes_are_bytes(self):
        view = ByteView(bytearray(b"abc"))
        for made in view.upper(), view.replace(b"a", b"x"), view.center(9), view.join([b"", b""]):
            self.assertIs(type(made), Bytes)

    def test_outlive_the_view_they_came_from(self):
        source = bytearray(b"one two")
        view = ByteView(source)
        part = view[4:]
        view.release()
        self.assertEqual(part, b"two")
        with self.assertRaises(BufferError):
            source.append(1)
        part.release()
        source.append(1)


class Writing(unittest.TestCase):
    def test_items(self):
        data = bytearray(b"abc")
        view = ByteView(data)
        view[0] = 65
        view[-1] = True
        self.assertEqual(data, b"Ab\x01")
        for key, value, error, message in [
            (0, 256, ValueError, "byte must be in range(0, 256)"),
            (0, -1, ValueError, "byte must be in range(0, 256)"),
            (0, "a", TypeError, "an integer is required, not 'str'"),
            (3, 0, IndexError, "index out of range"),
            (-4, 0, IndexError, "index out of range"),
            ("a", 0, TypeError, "byte indices must be integers or slices, not str"),
        ]:
            with self.assertRaises(error, msg=(key, value)) as caught:
                view[key] = value
            self.assertEqual(str(caught.exception), message)
        with self.assertRaisesRegex(TypeError, "cannot delete memory"):
            del view[0]

    def test_slices_as_a_list_of_the_same_size(self):
        bounds = None, 0, 2, 5, -1, -3, 9, -9
        for start in bounds:
            for stop in bounds:
                for step in None, 1, 2, 3, -1, -2:
                    model = list(b"abcdefg")
                    data = bytearray(model)
                    key = slice(start, stop, step)
                    source = bytes(range(len(model[key])))
                    model[key] = source
                    ByteView(data)[key] = source
                    self.assertEqual(data, bytes(model), key)
                    with self.assertRaises(ValueError):
                        ByteView(data)[key] = source + b"x"

    def test_slices_that_overlap(self):
        for start in range(7):
            for size in range(10 - max(start, 0)):
                for to in range(10 - size):
                    for step in 1, -1:
                        data = bytearray(b"0123456789")
                        view = ByteView(data)
                        expected = bytearray(data)
                        source = bytes(data[start:start + size])
                        key = slice(to, to + size) if step == 1 else slice(
                            to + size - 1, to - 1 if to > 0 else None, -1)
                        if size == 0:
                            key = slice(to, to)
                        expected[key] = source
                        view[key] = view[start:start + size]
                        self.assertEqual(data, expected, (start, size, to, step))

    def test_read_only_memory(self):
        for view in ByteView(b"abc"), ByteView(bytearray(b"abc")).toreadonly():
            self.assertTrue(view.readonly)
            for write in lambda: view.__setitem__(0, 1), lambda: view.__setitem__(slice(2), b"xx"):
                with self.assertRaisesRegex(TypeError, "cannot modify read-only memory"):
                    write()
            with self.assertRaises(TypeError):
                io.BytesIO(b"abc").readinto(view)

    def test_is_room_to_read_into(self):
        data = bytearray(10)
        self.assertEqual(io.BytesIO(b"abcd").readinto(ByteView(data)[3:7]), 4)
        self.assertEqual(data, b"\0\0\0abcd\0\0\0")


class Objects(unittest.TestCase):
    def test_hash_over_what_never_changes(self):
        for frozen in b"abc", Bytes(b"abc"), memoryview(b"abc"), ByteView(b"abc"):
            self.assertEqual(hash(ByteView(frozen)), hash(b"abc"))
        self.assertEqual(hash(ByteView(b"abc")[1:]), hash(b"bc"))
        self.assertEqual({ByteView(b"abc"): 1}[b"abc"], 1)
        self.assertEqual(hash(ByteView(b"")), hash(b""))
        for changing in ByteView(bytearray(b"a")), ByteView(bytearray(b"a")).toreadonly(), ByteView(
                memoryview(bytearray(b"a")).toreadonly()):
            with self.assertRaisesRegex(ValueError, "memory that can change"):
                hash(changing)

    def test_compares_as_bytes_do(self):
        view = ByteView(bytearray(b"abc"))
        for other in bytes, bytearray, Bytes, ByteView, memoryview:
            self.assertTrue(view == other(b"abc"), other)
            self.assertTrue(other(b"abc") == view, other)
            self.assertTrue(view != other(b"abd"), other)
        for other in bytes, bytearray, Bytes, ByteView:
            self.assertTrue(view < other(b"abd"), other)
            self.assertTrue(other(b"abd") >= view, other)
        self.assertFalse(view == "abc")
        self.assertFalse(view == [97, 98, 99])
        self.assertTrue(view == view.tobytes())

    def test_compares_memory_at_once(self):
        """Not item by item, as memoryview does."""
        def seconds(one, other):
            return min(timeit.repeat(lambda: one == other, number=10, repeat=7))

        plain = seconds(bytearray(1 << 20), bytearray(1 << 20))
        for kind in ByteView, Bytes:
            self.assertLess(seconds(kind(bytearray(1 << 20)), kind(bytearray(1 << 20))), 8 * plain)

    def test_release(self):
        data = bytearray(b"abc")
        view = ByteView(data)
        buffer = memoryview(view)
        with self.assertRaisesRegex(BufferError, "^ByteView has 1 exported buffer$"):
            view.release()
        other = memoryview(view)
        with self.assertRaisesRegex(BufferError, "^ByteView has 2 exported buffers$"):
            view.release()
        buffer.release()
        other.release()
        view.release()
        view.release()
        data.append(1)
        message = "operation forbidden on released ByteView object"
        for call in [lambda: view[0], lambda: view[:], lambda: view.find(b"a"), lambda: len(view),
                     lambda: view.split(), lambda: view.upper(), lambda: b"a" in view,
                     lambda: view.obj, lambda: view.nbytes, lambda: view.readonly,
                     lambda: view.tobytes(), lambda: view.toreadonly(), lambda: hash(view),
                     lambda: view.hex(), lambda: view.decode(), lambda: view.__setitem__(0, 1),
                     lambda: memoryview(view), lambda: ByteView(view), lambda: view.__enter__(),
                     lambda: view.cast("B"), lambda: view.strip(), lambda: list(view),
                     lambda: view.startswith(b"a"), lambda: view.isalpha()]:
            with self.assertRaises(ValueError) as caught:
                call()
            self.assertEqual(str(caught.exception), message)
        self.assertTrue(view == view)
        self.assertFalse(view == b"abc")
        self.assertFalse(b"abc" == view)
        self.assertRegex(repr(view), r"^<released quire.ByteView at 0x[0-9a-f]+>$")

    def test_context_manager(self):
        data = bytearray(b"abc")
        with ByteView(data) as view:
            with self.assertRaises(BufferError):
                data.append(1)
            self.assertEqual(view, b"abc")
        data.append(1)
        with self.assertRaises(ValueError):
            view[0]

    def test_release_while_arguments_are_read(self):
        """What an argument does to the view shows in an error, not in freed memory."""
        class Releases:
            def __init__(self, view):
                self.view = view

            def __index__(self):
                self.view.release()
                return 0

        for call in [lambda view, index: view.find(b"a", index),
                     lambda view, index: view[index], lambda view, index: view[index:],
                     lambda view, index: view[::index], lambda view, index: view.center(index),
                     lambda view, index: view.__setitem__(0, index),
                     lambda view, index: view.__setitem__(index, 0),
                     lambda view, index: view.__setitem__(slice(index, None), b"x"),
                     lambda view, index: view.hex(":", index), lambda view, index: index in view,
                     lambda view, index: view.split(b"a", index),
                     lambda view, index: view.replace(b"a", b"b", index)]:
            view = ByteView(bytearray(b"abc"))
            with self.assertRaises(ValueError):
                call(view, Releases(view))

    def test_pins_the_exporter(self):
        stream = io.BytesIO(b"abc")
        view = ByteView(stream.getbuffer())
        with self.assertRaises(BufferError):
            stream.write(b"x" * 100)
        del view
        stream.write(b"x" * 100)

    def test_cast(self):
        numbers = ByteView(array.array("I", [1, 2, 3])).cast("I")
        self.assertEqual(numbers.tolist(), [1, 2, 3])
        self.assertEqual(ByteView(bytes(6)).cast("B", shape=[2, 3]).shape, (2, 3))
        self.assertEqual(ByteView(bytes(6)).cast(format="H").itemsize, 2)

    def test_lists_and_hex(self):
        view = ByteView(b"\x01\x02\xff")
        self.assertEqual(view.tolist(), [1, 2, 255])
        self.assertEqual(view.hex("-"), "01-02-ff")
        self.assertEqual(list(reversed(view)), [255, 2, 1])
        self.assertRegex(repr(view), r"^<quire.ByteView of 3 bytes at 0x[0-9a-f]+, read-only>$")

    def test_collected_in_a_cycle(self):
        class Exporter(bytearray):
            pass

        exporter = Exporter(b"abc")
        exporter.view = ByteView(exporter)[1:]
        gone = weakref.ref(exporter)
        del exporter
        gc.collect()
        self.assertIsNone(gone())

    def test_weak_references(self):
        view = ByteView(b"abc")
        gone = weakref.ref(view)
        del view
        self.assertIsNone(gone())

    def test_a_view_of_a_large_file_copies_nothing(self):
        with tempfile.TemporaryFile() as file:
            file.truncate(256 << 20)
            file.seek(200 << 20)
            file.write(b"needle in a haystack")
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                with ByteView(mapped) as view:
                    at = view.rfind(b"needle")
                    self.assertEqual(at, 200 << 20)
                    self.assertEqual(view[at:at + 20].split()[-1], b"haystack")


class Flat(test_bytes.Memory, unittest.TestCase):
    def test_good_calls(self):
        data = bytearray(b"one two three " * 10)

        def work():
            view = ByteView(data)
            view.split()
            view[3:9].find(b"x")
            view.partition(b" ")
            view.replace(b"one", b"two")
            view[0:3] = b"ONE"
            memoryview(view)[1:]
            view == data
            view.toreadonly().cast("B")
            view.release()

        self.check(work)

    def test_bad_calls(self):
        data = bytearray(b"one two three " * 10)

        def work():
            view = ByteView(data)
            for call in (lambda: view.find("x"), lambda: view.split(b""), lambda: view.index(b"q"),
                         lambda: view.__setitem__(0, 300), lambda: view.__setitem__(slice(3), b""),
                         lambda: ByteView("a"), lambda: ByteView(memoryview(data)[::2]),
                         lambda: view[1000], lambda: hash(view), lambda: view.cast("none")):
                try:
                    call()
                except Exception:
                    pass

        self.check(work)


if __name__ == "__main__":
    unittest.main()
