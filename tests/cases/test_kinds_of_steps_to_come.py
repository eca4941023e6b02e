"""Kinds of steps that this version does not have yet: an error that says so, not a missing attribute."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Handler, Player, sync_and_async

KINDS = ["ai"]


def ask_for_it(ctx: Any) -> None:
    getattr(ctx.step, ctx.event.data["kind"])("step")


async def ask_for_it_async(ctx: Any) -> None:
    await getattr(ctx.step, ctx.event.data["kind"])("step")


both = sync_and_async(ask_for_it, ask_for_it_async)


@pytest.mark.parametrize("kind", KINDS)
@both
def test_it_is_said_to_be_missing(player: Player, handler: Handler, kind: str) -> None:
    run = player.play(handler, {"kind": kind})
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert run.failure["message"] == f"ctx.step.{kind} is not supported in this version."


@both
def test_another_name_is_a_mistake(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"kind": "slep"}, retries=0)
    assert run.failure is not None
    assert run.failure["name"] == "AttributeError"
