"""The demo against the tools that know these files: unzip, file and python3's own zlib.

    demo_test.py DEMO
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zlib

DEMO = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "data")
PART = re.compile(r"^ +([\d,]+) +([\d,]+)  (\S.*?)  +(.*)$")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def data(name):
    return os.path.join(DATA, name)


def number(text):
    return int(text.replace(",", ""))


def parts_of(output):
    """(offset, size, name, note) of each part that the demo printed."""
    rows = filter(None, map(PART.match, output.splitlines()))
    return [(number(r[1]), number(r[2]), r[3].strip(), r[4]) for r in rows]


class GoodFiles(unittest.TestCase):
    def demo(self, path):
        result = run(DEMO, "--no-table", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_zip_entries_are_those_that_unzip_lists(self):
        listed = run("unzip", "-v", data("archive.zip"))
        self.assertEqual(listed.returncode, 0, listed.stderr)
        expected = re.findall(r"^ *(\d+) +\S+ +\d+ +-?\d+% \S+ \S+ ([0-9a-f]{8})  (.*)$",
                              listed.stdout, re.M)
        self.assertEqual(len(expected), 3)
        shown = [re.match(r"(\d+) bytes, crc (\w+)", note)
                 for *_, note in parts_of(self.demo(data("archive.zip")))]
        self.assertEqual([m.groups() for m in shown if m], [(size, crc) for size, crc, _ in expected])

    def test_zip_of_many_entries(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "many.zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for i in range(11):
                    archive.writestr(f"folder/file {i}", b"content" * i * 1000)
            output = self.demo(path)
            names = [name for *_, name, _ in parts_of(output)]
            self.assertEqual(names[:11], [f"folder/file {i}" for i in range(11)])

    def test_jpeg_is_what_file_says(self):
        said = run("file", data("grace_hopper.jpg")).stdout
        output = self.demo(data("grace_hopper.jpg"))
        width, height = re.search(r", (\d+)x(\d+),", said).groups()
        self.assertIn(f"{width} x {height}", output)
        self.assertIn("orientation=upper-right", said)  # 6 in the standard
        self.assertIn("orientation 6", output)
        comment = re.search(r'comment: "(.*?)"', said)[1]
        self.assertIn(comment, output)

    def test_jpeg_segments_cover_the_file(self):
        path = data("grace_hopper.jpg")
        at = 0
        for offset, size, _, _ in parts_of(self.demo(path)):
            self.assertEqual(offset, at)
            at += size
        self.assertEqual(at, os.path.getsize(path))

    def test_png_chunks_have_the_crcs_of_zlib(self):
        path = data("grace_hopper.png")
        said = run("file", path).stdout
        width, height = re.search(r", (\d+) x (\d+),", said).groups()
        output = self.demo(path)
        self.assertIn(f"{width} x {height}", output)
        with open(path, "rb") as file:
            content = file.read()
        chunks = parts_of(output)[1:]
        for offset, size, name, note in chunks:
            self.assertEqual(content[offset + 4:offset + 8].decode(), name)
            crc = zlib.crc32(content[offset + 4:offset + size - 4])
            self.assertTrue(note.endswith(f"crc {crc:08x}"), note)
        self.assertEqual(chunks[-1][0] + chunks[-1][1], len(content))

    def test_quire_copies_less_than_stringstream_in_every_file(self):
        for name in ("grace_hopper.jpg", "grace_hopper.png", "archive.zip"):
            together = re.search(r"together +([\d,]+) +[\d,]+ +\d+ us +([\d,]+)",
                                 self.demo(data(name)))
            self.assertLess(number(together[1]), number(together[2]), name)


class BadFiles(unittest.TestCase):
    def refused(self, path, *words):
        result = run(DEMO, "--no-table", path)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(path, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        return result.stderr

    def test_every_truncation_is_named(self):
        for name in ("grace_hopper.jpg", "grace_hopper.png", "archive.zip"):
            with open(data(name), "rb") as file:
                content = file.read()
            for kept in (8, 9, 20, 57, len(content) // 3, len(content) // 2, len(content) - 1):
                with self.subTest(name=name, kept=kept), tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, name)
                    with open(path, "wb") as file:
                        file.write(content[:kept])
                    self.refused(path, "truncated")

    def test_a_changed_byte_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bad.png")
            with open(data("grace_hopper.png"), "rb") as file:
                content = bytearray(file.read())
            content[len(content) // 2] ^= 1
            with open(path, "wb") as file:
                file.write(content)
            self.refused(path, "CRC")

    def test_empty_unknown_missing_and_directory(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            with open(path, "wb"):
                pass
            self.refused(path, "empty")
            with open(path, "wb") as file:
                file.write(b"plain text")
            self.refused(path, "not a JPEG, PNG or ZIP file", "70:6c:61:69:6e")
            self.refused(folder, "Is a directory")
            self.refused(os.path.join(folder, "missing"), "No such file")

    def test_unreadable(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "file")
            with open(path, "wb") as file:
                file.write(b"secret")
            os.chmod(path, 0)
            # Root may read anything, but without these capabilities. Another user could not run what
            # is built below /root.
            without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
            result = run(*(without if os.geteuid() == 0 else []), DEMO, "--no-table", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn("Permission denied", result.stderr)

    def test_a_bad_file_does_not_hide_the_good_ones(self):
        result = run(DEMO, "--no-table", "/nowhere", data("archive.zip"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("archive.zip: ZIP", result.stdout)


if __name__ == "__main__":
    unittest.main()
