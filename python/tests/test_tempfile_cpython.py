"""CPython's own tests of tempfile.SpooledTemporaryFile, with quire.SpooledIO in its place."""

import tempfile
import unittest
from unittest import mock

import quire
from test import test_tempfile

from differences import expect_listed
from suites import check_suite


@expect_listed("test_tempfile", "TestSpooledTemporaryFile")
class SpooledTemporaryFileTest(test_tempfile.TestSpooledTemporaryFile):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(tempfile, "SpooledTemporaryFile", quire.SpooledIO)
        patch.start()
        self.addCleanup(patch.stop)


class Whole(unittest.TestCase):
    def test_none_is_missing_or_skipped(self):
        check_suite(self, SpooledTemporaryFileTest, {(3, 9): 19, (3, 11): 23})


if __name__ == "__main__":
    unittest.main()
