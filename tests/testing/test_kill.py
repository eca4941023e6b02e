"""A worker that dies at a step: what it held is taken over when its lease has passed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

import durable
from durable.models import Run
from durable.testing import Workflows
from durable.testing.kill import Point
from tests.harness import astumble, journal, say, stumble, sync_and_async
from tests.testing import functions
from tests.testing.functions import GROUPS, define

BODIES: list[tuple[Point, int]] = [("before_body", 1), ("before_record", 2), ("after_record", 1)]
POINTS = pytest.mark.parametrize(("point", "bodies"), BODIES)
STRICT = pytest.mark.parametrize("strict", [False, True])


@sync_and_async(functions.one, functions.one_async)
@POINTS
@STRICT
def test_another_worker_goes_on(
    workflows: Workflows, handler: Any, point: Point, bodies: int, strict: bool
) -> None:
    kill = workflows.kill_after("charge", point=point)
    run = workflows.run(define(handler, strict=strict))
    assert (run.status, kill.has_happened) == ("running", True)
    workflows.settle(through="1m")
    assert workflows.get(run).result == "charged"
    assert journal == ["charged"] * bodies


@pytest.mark.parametrize("name", GROUPS)
@POINTS
@STRICT
def test_another_worker_goes_on_with_a_group(
    workflows: Workflows, name: str, point: Point, bodies: int, strict: bool
) -> None:
    kill = workflows.kill_after("invoice", point=point)
    run = workflows.run(define(GROUPS[name], strict=strict), through="2m")
    assert kill.has_happened
    assert run.result == ["label", "invoice", "mail"]
    assert journal.count("invoice") == bodies


def fails_once(ctx: durable.ContextSync) -> str:
    return ctx.step.run("charge", stumble, "charged")


async def fails_once_async(ctx: durable.Context) -> str:
    return await ctx.step.run("charge", astumble, "charged")


@sync_and_async(fails_once, fails_once_async)
def test_a_worker_that_dies_does_not_record_what_the_body_raised(
    workflows: Workflows, handler: Any
) -> None:
    kill = workflows.kill_after("charge", point="before_record")
    run = workflows.run(define(handler, retries=0))
    assert (run.status, kill.has_happened, journal) == ("running", True, ["charged"])
    workflows.settle(through="1m")
    assert (workflows.get(run).result, journal) == ("charged", ["charged", "charged"])


def test_nothing_goes_on_before_the_lease_has_passed(workflows: Workflows) -> None:
    workflows.kill_after("charge")
    run = workflows.run(define(functions.one), through="25s")
    assert run.status == "running"


def test_the_claim_is_left_as_it_was(workflows: Workflows) -> None:
    workflows.kill_after("charge")
    workflows.run(define(functions.one))
    row = Run.objects.get()
    assert row.owner is not None
    assert row.due_at is not None


def test_only_one_worker_dies(workflows: Workflows) -> None:
    def thrice(ctx: durable.ContextSync) -> list[str]:
        return [ctx.step.run("charge", say, str(number)) for number in range(3)]

    workflows.kill_after("charge")
    run = workflows.run(define(thrice), through="1m")
    assert (run.result, journal) == (["0", "1", "2"], ["0", "0", "1", "2"])


def test_three_lost_workers_fail_the_run(workflows: Workflows) -> None:
    for _ in range(3):
        workflows.kill_after("charge")
    run = workflows.run(define(functions.one), through="5m")
    assert run.failure is not None
    assert run.failure["code"] == "worker_lost"


def write(name: str) -> str:
    Group.objects.create(name=name)
    return name


@pytest.mark.parametrize("point", ["before_body", "before_record", "after_record"])
def test_an_atomic_step_writes_once(workflows: Workflows, point: Point) -> None:
    def atomic(ctx: durable.ContextSync) -> str:
        return ctx.step.run("write", write, "g", atomic=True)

    workflows.kill_after("write", point=point)
    run = workflows.run(define(atomic))
    assert Group.objects.count() == (1 if point == "after_record" else 0)
    workflows.settle(through="1m")
    assert (workflows.get(run).result, Group.objects.count()) == ("g", 1)


def test_a_kill_for_one_function(workflows: Workflows) -> None:
    kill = workflows.kill_after("charge", function=define(functions.one, "other"))
    assert workflows.run(define(functions.one)).result == "charged"
    assert not kill.has_happened


def test_the_body_of_a_stub_may_be_killed(workflows: Workflows) -> None:
    stub = workflows.stub_step("charge", returns="stubbed")
    workflows.kill_after("charge")
    run = workflows.run(define(functions.one), through="1m")
    assert (run.result, len(stub.calls)) == ("stubbed", 2)


def test_a_sleep_has_no_worker_to_kill(workflows: Workflows) -> None:
    workflows.kill_after("cool-off")
    run = workflows.run(define(functions.pause))
    assert run.failure is not None
    assert "'cool-off' is a sleep. It has no body" in run.failure["message"]


def test_an_unknown_point_is_refused(workflows: Workflows) -> None:
    point: Any = "later"
    with pytest.raises(TypeError, match="before_body, before_record, after_record, not 'later'"):
        workflows.kill_after("charge", point=point)
