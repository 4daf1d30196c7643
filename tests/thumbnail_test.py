"""The thumbnail program as a user runs it.

    thumbnail_test.py THUMBNAIL
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

THUMBNAIL = os.path.abspath(sys.argv.pop(1))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "data")
PHOTO = os.path.join(DATA, "grace_hopper.jpg")


def run(*arguments):
    return subprocess.run([THUMBNAIL, *arguments], capture_output=True, text=True, check=False)


class Thumbnail(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_writes_a_png_for_each_file(self):
        result = run("--out", self.folder, PHOTO)
        self.assertEqual(result.returncode, 0, result.stderr)
        said = subprocess.run(["file", self.path("grace_hopper.png")], capture_output=True,
                              text=True, check=True).stdout
        self.assertIn("PNG image data, 218 x 256, 8-bit/color RGB", said)

    def test_reports_what_three_ways_cost(self):
        result = run("--report", self.folder, PHOTO)
        self.assertEqual(result.returncode, 0, result.stderr)
        together = re.search(r"together (.*)", result.stdout)[1]
        copied = [int(n) for n in re.findall(r"(\d+) +\d+ +[\d.]+ ms", together)]
        self.assertEqual(len(copied), 3, together)
        self.assertLess(copied[0], copied[1])
        self.assertLess(copied[0], copied[2])
        with open(self.path("report.html"), encoding="utf-8") as file:
            report = file.read()
        plot = ElementTree.parse(self.path("report.svg"))
        texts = [text.text for text in plot.iter("{http://www.w3.org/2000/svg}text")]
        for way in ("streams", "temporary files", "std::stringstream"):
            self.assertIn(way, report)
            self.assertEqual(texts.count(way), 3)
        for number in copied:
            self.assertIn(str(number), texts)
        self.assertIn('src="grace_hopper.png"', report)
        self.assertIn('src="report.svg"', report)

    def test_says_whether_what_the_seed_claims_is_true(self):
        result = run("--report", self.folder, PHOTO)
        times = {}
        for name, row in re.findall(r"^  ([a-z ,A-Z]+?) {2,}(\d.* ms)$", result.stdout, re.MULTILINE):
            times[name] = [float(n) for n in re.findall(r"([\d.]+) ms", row)]
        self.assertEqual(len(times), 7, result.stdout)
        claims = re.findall(r"(.*): (not )?true here.* (?:is|it,|out,) (-?[\d.]+) (ms|times)", result.stdout)
        self.assertEqual(len(claims), 3, result.stdout)
        for claim, negation, number, unit in claims:
            self.assertEqual(negation == "", float(number) >= (200 if unit == "ms" else 6), claim)
        streams, files = times["together"][:2]
        self.assertAlmostEqual(float(claims[0][2]), files - streams, delta=0.02)
        self.assertAlmostEqual(float(claims[1][2]), files / streams, delta=0.02)

    def test_what_is_no_image_is_named_and_the_others_are_made(self):
        with open(PHOTO, "rb") as file:
            content = file.read()
        with open(self.path("cut.jpg"), "wb") as file:
            file.write(content[:5000])
        result = run(self.path("cut.jpg"), PHOTO, self.path("absent.jpg"), __file__)
        self.assertEqual(result.returncode, 1)
        self.assertIn("grace_hopper.jpg: 600 x 512", result.stdout)
        self.assertIn("cut.jpg: JPEG: the data end in the middle of the image", result.stderr)
        self.assertIn("absent.jpg: No such file", result.stderr)
        self.assertIn("thumbnail_test.py: neither JPEG nor PNG", result.stderr)


if __name__ == "__main__":
    unittest.main()
