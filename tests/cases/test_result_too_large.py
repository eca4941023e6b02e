"""One result may be so large and no larger; the error names the limit, the size and the setting."""

from __future__ import annotations

import pytest
from django.test import override_settings

import durable
from durable.models import Event, Run
from tests.harness import EVENT, Handler, Player, sync_and_async

at_most_100 = override_settings(
    DURABLE={"MAX_STEP_BYTES": 100, "MAX_EVENT_BYTES": 100, "MAX_RUN_BYTES": 10_000}
)


def text(size: int) -> str:
    return "x" * size


def in_a_step(ctx: durable.ContextSync) -> int:
    return len(ctx.step.run("text", text, ctx.event.data["size"]))


async def in_a_step_async(ctx: durable.Context) -> int:
    return len(await ctx.step.run("text", text, ctx.event.data["size"]))


def as_its_own(ctx: durable.ContextSync) -> str:
    return text(ctx.event.data["size"])


@at_most_100
@sync_and_async(in_a_step, in_a_step_async)
def test_the_limit_itself_is_allowed(player: Player, handler: Handler) -> None:
    assert player.play(handler, {"size": 98}).result == 98


@at_most_100
@sync_and_async(in_a_step, in_a_step_async)
def test_one_byte_more_fails_the_step(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"size": 99})
    assert run.failure is not None
    assert run.failure["code"] == "limit_exceeded"
    assert run.failure["message"].startswith(
        "the result of step 'text' is 101 bytes of JSON; "
        "the limit is 100 (DURABLE['MAX_STEP_BYTES'])."
    )


@at_most_100
def test_the_functions_own_result_is_held_to_it(player: Player) -> None:
    run = player.play(as_its_own, {"size": 99})
    assert run.failure is not None
    assert "the result of function 'case' is 101 bytes" in run.failure["message"]


@at_most_100
def test_bytes_are_counted_not_characters(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.run("text", lambda: "é" * 60)

    run = player.play(handler)
    assert run.failure is not None
    assert "is 122 bytes of JSON" in run.failure["message"]


@at_most_100
def test_an_event_that_is_too_large_is_refused() -> None:
    event = durable.Event(name=EVENT, data={"text": text(200)})
    with pytest.raises(durable.LimitExceededError, match="MAX_EVENT_BYTES") as raised:
        durable.send(event)
    assert "events[0]: data is 211 bytes of JSON; the limit is 100" in str(raised.value)
    assert raised.value.setting == "MAX_EVENT_BYTES"
    assert not Event.objects.exists()
    assert not Run.objects.exists()
