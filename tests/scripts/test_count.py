#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The closing numbers of scripts/test are what the programs said, and never better."""
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/count-tests"
loader = importlib.machinery.SourceFileLoader("count_tests", str(SCRIPT))
count_tests = importlib.util.module_from_spec(importlib.util.spec_from_loader("count_tests", loader))
loader.exec_module(count_tests)


def counted(status, output):
    test = xml.etree.ElementTree.Element("testcase", status=status)
    xml.etree.ElementTree.SubElement(test, "system-out").text = output
    return count_tests.count(test)


class a_ctest(unittest.TestCase):
    def test_of_googletest_counts_its_cases(self):
        self.assertEqual(counted("run", "[==========] 12 tests from 3 test suites ran. (7 ms total)\n[  PASSED  ] 12 tests.\n"), (12, 0))

    def test_of_googletest_counts_what_did_not_pass(self):
        output = "[==========] 12 tests from 3 test suites ran. (7 ms total)\n[  PASSED  ] 9 tests.\n[  SKIPPED ] 1 test.\n"
        self.assertEqual(counted("fail", output), (9, 2))

    def test_of_unittest_counts_its_cases(self):
        self.assertEqual(counted("run", "....\nRan 4 tests in 0.002s\n\nOK\n"), (4, 0))
        self.assertEqual(counted("fail", "\nRan 9 tests in 0.002s\n\nFAILED (failures=1, errors=2, skipped=3)\n"), (3, 3))

    def test_without_a_summary_is_one_case(self):
        self.assertEqual(counted("run", "fine\n"), (1, 0))
        self.assertEqual(counted("fail", "[ RUN      ] a.b\nSegmentation fault\n"), (0, 1))

    def test_that_fails_after_a_good_summary_is_a_failure(self):
        leak = "[==========] 2 tests from 1 test suite ran. (7 ms total)\n[  PASSED  ] 2 tests.\nERROR: LeakSanitizer\n"
        self.assertEqual(counted("fail", leak), (2, 1))

    def test_that_could_not_start_is_a_failure(self):
        self.assertEqual(counted("notrun", ""), (0, 1))


class a_run(unittest.TestCase):
    def test_names_what_failed_with_the_end_of_what_it_printed(self):
        with tempfile.TemporaryDirectory() as folder:
            stage = pathlib.Path(folder) / "release"
            root = xml.etree.ElementTree.Element("testsuite")
            for name, status, output in (("unit_good", "run", "fine\n"), ("unit_bad", "fail", "early\n" * 1000 + "what went wrong\n")):
                test = xml.etree.ElementTree.SubElement(root, "testcase", name=name, status=status)
                xml.etree.ElementTree.SubElement(test, "system-out").text = output
            xml.etree.ElementTree.ElementTree(root).write(stage.with_suffix(".xml"))
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertEqual(count_tests.main([str(stage)]), 1)
        lines = printed.getvalue().splitlines()
        self.assertEqual(lines[:2], ["-- release: unit_bad failed", "[...]"])
        self.assertLess(lines.count("early"), 600)
        self.assertEqual(count_tests.end_of("one line " * 1000)[-9:], "one line ")
        self.assertEqual(len(count_tests.end_of("one line " * 1000)), 3000 + len("[...]\n"))
        self.assertEqual(lines[-4:], ["what went wrong", "", "release: 1 passed, 1 failed", "1 passed, 1 failed"])

    def test_whose_build_broke_fails(self):
        self.assertEqual(count_tests.main(["no-such-folder/release"]), 1)

    def test_without_tests_fails(self):
        self.assertEqual(count_tests.main([]), 1)


if __name__ == "__main__":
    unittest.main(buffer=True)
