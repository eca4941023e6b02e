"""What the function is given besides its steps."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import durable
from tests.harness import EVENT, Handler, Player, sync_and_async


def tell(ctx: Any) -> dict[str, Any]:
    return {
        "run": ctx.run_id,
        "events": [event.name for event in ctx.events],
        "is_first": ctx.events[0] is ctx.event,
        "attempt": ctx.attempt,
    }


async def tell_async(ctx: Any) -> dict[str, Any]:
    return tell(ctx)


@sync_and_async(tell, tell_async)
def test_run_events_and_attempt(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == {
        "run": str(run.pk),
        "events": [EVENT],
        "is_first": True,
        "attempt": 0,
    }


@sync_and_async(tell, tell_async)
def test_the_run_is_started_and_ended(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.started is not None
    assert run.ended is not None
    assert run.created <= run.started <= run.ended


def test_an_event_cannot_be_changed() -> None:
    event = durable.Event(name=EVENT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.name = "other"  # type: ignore[misc]  # the mistake under test


def returns_nothing(ctx: durable.ContextSync) -> None: ...


async def returns_nothing_async(ctx: durable.Context) -> None: ...


@sync_and_async(returns_nothing, returns_nothing_async)
def test_a_function_may_return_nothing(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert (run.status, run.result, run.output) == ("completed", None, "null")


def gives_nothing(ctx: durable.ContextSync) -> Any:
    return [ctx.step.run("nothing", lambda: None), ctx.step.run("more", lambda: None)]


def test_a_step_may_return_nothing(player: Player) -> None:
    assert player.play(gives_nothing).result == [None, None]
