"""`step.send_event`: events sent from within a run, exactly once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import durable
from durable.engine.ingest import ingest
from durable.models import Event, Run
from tests.harness import Player, journal, note, sync_and_async


def one() -> durable.Event:
    return durable.Event(name="other/one", data={"n": 1})


def send(ctx: durable.ContextSync, events: Any = None) -> list[str]:
    return ctx.step.send_event("send", events or one())


async def asend(ctx: durable.Context, events: Any = None) -> list[str]:
    return await ctx.step.send_event("send", events or one())


def grouped(ctx: durable.ContextSync, events: Any = None) -> list[str]:
    (ids,) = ctx.group.parallel((lambda: ctx.step.send_event("send", events or one()),))
    return list(ids)


async def agrouped(ctx: durable.Context, events: Any = None) -> list[str]:
    (ids,) = await ctx.group.parallel((lambda: ctx.step.send_event("send", events or one()),))
    return list(ids)


ALL = pytest.mark.parametrize("handler", [send, asend, grouped, agrouped])


def listener(ctx: durable.ContextSync) -> None:
    note(f"heard {ctx.event.data}")


@ALL
@pytest.mark.parametrize("strict", [False, True])
def test_it_is_sent_and_its_id_returned(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    event = Event.objects.get(name="other/one")
    assert run.result == [str(event.pk)]
    assert run.steps.get().op == "send"


def test_it_starts_functions(player: Player) -> None:
    player.define(listener, fn_id="listener", trigger=durable.TriggerEvent(event="other/one"))
    player.play(send)
    player.work()
    assert journal == ["heard {'n': 1}"]


@sync_and_async(send, asend)
def test_several_are_sent_together(player: Player, handler: Any) -> None:
    events = [durable.Event(name=f"other/{n}") for n in range(3)]
    run = player.play(partial(handler, events=events))
    assert len(set(run.result)) == 3
    assert Event.objects.filter(name__startswith="other/").count() == 3


def test_all_are_sent_or_none(player: Player) -> None:
    events = [durable.Event(name="other/good"), durable.Event(name="durable/bad")]
    run = player.play(partial(send, events=events))
    assert run.failure is not None
    assert "reserved" in run.failure["message"]
    assert not Event.objects.filter(name="other/good").exists()


def test_a_run_that_was_taken_over_sends_nothing(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its step is not recorded, so its event is not sent either."""

    def overtaken(events: Any) -> list[str]:
        ids = ingest(events)
        Run.objects.update(claim=9)
        return ids

    monkeypatch.setattr("durable.engine.hosting.ingest", overtaken)
    player.define(send)
    player.send()
    player.worker.take_one()
    assert not Event.objects.filter(name="other/one").exists()


@pytest.mark.parametrize("wrong", ["text", {"name": "x"}, 5])
def test_what_is_no_event_is_refused(player: Player, wrong: Any) -> None:
    run = player.play(partial(send, events=wrong))
    assert run.failure is not None
    assert "send_event takes a durable.Event" in run.failure["message"]
