"""A step inside a transaction that the function opened: its result could vanish, so it is refused."""

from __future__ import annotations

import pytest
from django.db import transaction

import durable
from tests.harness import Handler, Player, journal, say, steps_of


def step_inside(ctx: durable.ContextSync) -> None:
    with transaction.atomic():
        ctx.step.run("inside", say, "inside")


def group_inside(ctx: durable.ContextSync) -> None:
    with transaction.atomic():
        ctx.group.parallel((lambda: ctx.step.run("inside", say, "inside"),))


def within_the_body(ctx: durable.ContextSync) -> str:
    def body() -> str:
        with transaction.atomic():
            return say("within")

    return ctx.step.run("step", body)


@pytest.mark.parametrize("handler", [step_inside, group_inside])
def test_the_run_fails_before_the_body_runs(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert "Step 'inside' was called inside transaction.atomic()" in run.failure["message"]
    assert journal == []


def test_a_transaction_within_the_body_is_fine(player: Player) -> None:
    run = player.play(within_the_body)
    assert run.result == "within"
    assert steps_of(run) == {"step": "done"}
