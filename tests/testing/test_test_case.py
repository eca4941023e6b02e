"""The kit in Django's own test cases."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import TestCase, TransactionTestCase, override_settings

import durable
from durable import clock
from durable.models import Run
from durable.testing import InProcessWorker, WorkflowTestMixin
from tests.testing import functions
from tests.testing.functions import define


def greet(ctx: durable.ContextSync) -> str:
    name = ctx.step.run("look-up", look_up, ctx.event.data["user"])
    ctx.step.sleep("wait", "1d")
    return ctx.step.run("rename", rename, name, atomic=True)


def look_up(user: int) -> str:
    return User.objects.get(pk=user).username


def rename(name: str) -> str:
    User.objects.filter(username=name).update(username=name.upper())
    return name.upper()


class InATransaction(WorkflowTestMixin, TestCase):
    user: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.user = User.objects.create_user("ada")

    def test_rows_of_the_test_are_seen_and_changed(self) -> None:
        run = self.workflows.run(define(greet), {"user": self.user.pk}, through="2d")
        self.assertEqual(run.result, "ADA")
        self.user.refresh_from_db()
        self.assertEqual(self.user.username, "ADA")

    def test_the_next_test_finds_things_as_they_were(self) -> None:
        self.assertEqual(self.user.username, "ada")
        self.assertFalse(Run.objects.exists())
        self.assertFalse(clock.reference())

    def test_callbacks_on_commit_are_the_tests_to_call(self) -> None:
        define(functions.one)
        with self.captureOnCommitCallbacks(execute=True):
            durable.send(durable.Event(name=functions.EVENT))
        self.workflows.settle()
        self.assertEqual(Run.objects.get().result, "charged")

    @override_settings(DURABLE={"RETRIES": 0})
    def test_settings_are_followed(self) -> None:
        self.workflows.stub_step("charge", raises=ValueError("no"))
        run = self.workflows.run(define(functions.one))
        self.assertEqual(run.status, "failed")

    def test_an_async_function(self) -> None:
        self.assertEqual(self.workflows.run(define(functions.one_async)).result, "charged")


class Committed(WorkflowTestMixin, TransactionTestCase):
    def test_a_run(self) -> None:
        user = User.objects.create_user("ada")
        run = self.workflows.run(define(greet), {"user": user.pk}, through="2d")
        self.assertEqual(run.result, "ADA")

    def test_a_worker_in_threads(self) -> None:
        with InProcessWorker(threads=2) as worker:
            self.assertEqual(worker.run(define(functions.one)).result, "charged")
