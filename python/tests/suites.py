"""Runs whole classes of CPython's tests, and counts."""

import sys
import unittest


def check_suite(test, case, least, skipped_there=()):
    """Fails `test` unless all tests of `case` pass, and they are as many as CPython has.

    `least` says how many those are from a version on. The class may have more in a later patch release.
    `skipped_there` are the names of those that CPython itself skips on most machines; no other may be.
    """
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    wanted = max(version for version in least if version <= sys.version_info)
    test.assertGreaterEqual(result.testsRun, least[wanted])
    test.assertEqual(result.errors + result.failures + result.unexpectedSuccesses, [])
    skipped = {skip[0].id().rpartition(".")[2] for skip in result.skipped}
    test.assertLessEqual(skipped, set(skipped_there))
