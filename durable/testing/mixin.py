"""The kit as a part of a test case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.testing.workflows import Workflows

if TYPE_CHECKING:
    from unittest import TestCase as _Case
else:
    _Case = object


class WorkflowTestMixin(_Case):
    """Gives each test of a `django.test.TestCase` or `TransactionTestCase` a `Workflows` of its own.

    Name it before the test case: `class OrderTest(WorkflowTestMixin, TestCase)`.
    """

    workflows: Workflows

    def setUp(self) -> None:
        """Begin."""
        super().setUp()
        self.workflows = self.enterContext(Workflows())
