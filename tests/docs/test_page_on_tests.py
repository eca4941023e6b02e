"""The tests that the page on tests shows pass."""

from __future__ import annotations

import unittest

from tests.docs.conftest import Read
from tests.docs.pages import page


def test_the_tests_of_the_page_on_tests_pass(read: Read) -> None:
    shown = read(page("docs/howto/test-your-workflow.md"))
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(shown["WelcomeTest"])
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (3, [], [])
