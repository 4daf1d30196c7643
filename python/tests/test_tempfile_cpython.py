"""CPython's own tests of tempfile.SpooledTemporaryFile, with quire.SpooledIO in its place."""

import tempfile
import unittest
from unittest import mock

import quire
from test import test_tempfile

from differences import expect_listed


@expect_listed("test_tempfile", "TestSpooledTemporaryFile")
class SpooledTemporaryFileTest(test_tempfile.TestSpooledTemporaryFile):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(tempfile, "SpooledTemporaryFile", quire.SpooledIO)
        patch.start()
        self.addCleanup(patch.stop)


if __name__ == "__main__":
    unittest.main()
