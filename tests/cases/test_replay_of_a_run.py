"""`durable.replay`: a new run of the same function, with what was done before a step copied."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from django.db import transaction

import durable
from durable import ParallelMode
from durable.errors import EventInvalidError, OutputUnserializableError, StepNotFoundError
from durable.models import Blob, Event, Run
from tests.harness import EVENT, Player, asay, journal, say, steps_of, stumble, sync_and_async

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


def order(ctx: durable.ContextSync) -> list[str]:
    names = ("reserve", "charge", "charge", "ship")
    return [ctx.step.run(name, say, f"{name} {ctx.event.data.get('order')}") for name in names]


async def aorder(ctx: durable.Context) -> list[str]:
    names = ("reserve", "charge", "charge", "ship")
    number = ctx.event.data.get("order")
    return [await ctx.step.run(name, asay, f"{name} {number}") for name in names]


def groups(ctx: durable.ContextSync) -> list[str]:
    first = ctx.step.run("first", say, "first")
    group = ctx.group.parallel(tuple(partial(ctx.step.run, n, say, n) for n in "abc"))
    return [first, *group, ctx.step.run("last", say, "last")]


def once_more(player: Player, run: Run, **how: Any) -> Run:
    journal.clear()
    return player.settle(Run.objects.get(pk=durable.replay(run.pk, **how)))


@sync_and_async(order, aorder)
def test_everything_runs_again(player: Player, handler: Any) -> None:
    run = player.play(handler, {"order": 1})
    new = once_more(player, run)
    assert (new.result, new.event_id, new.function) == (run.result, run.event_id, "case")
    assert journal == ["reserve 1", "charge 1", "charge 1", "ship 1"]
    assert new.pk != run.pk


@sync_and_async(order, aorder)
@STRICT
@pytest.mark.parametrize(
    ("step", "again"),
    [
        ("reserve", ["reserve 1", "charge 1", "charge 1", "ship 1"]),
        ("charge", ["charge 1", "charge 1", "ship 1"]),
        ("charge:1", ["charge 1", "ship 1"]),
        ("ship", ["ship 1"]),
    ],
)
def test_what_was_done_before_a_step_is_copied(
    player: Player, handler: Any, strict: bool, step: str, again: list[str]
) -> None:
    run = player.play(handler, {"order": 1}, strict=strict)
    new = once_more(player, run, from_step=step)
    assert journal == again
    assert new.result == run.result
    assert steps_of(new) == steps_of(run)


@MODES
@STRICT
def test_a_whole_wave_of_a_group_runs_again(
    player: Player, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(groups, parallel_mode=mode, strict=strict)
    new = once_more(player, run, from_step="b")
    assert sorted(journal) == ["a", "b", "c", "last"]
    assert new.result == ["first", "a", "b", "c", "last"]


@MODES
def test_a_group_before_the_step_is_copied(player: Player, mode: ParallelMode) -> None:
    run = player.play(groups, parallel_mode=mode)
    assert once_more(player, run, from_step="last").result == ["first", "a", "b", "c", "last"]
    assert journal == ["last"]


def test_failures_before_the_step_are_copied(player: Player) -> None:
    def caught(ctx: durable.ContextSync) -> str:
        try:
            ctx.step.run("card", stumble, "card", 9)
        except durable.StepError:
            ctx.step.run("invoice", say, "invoice")
        return ctx.step.run("ship", say, "ship")

    run = player.play(caught, retries=0)
    assert once_more(player, run, from_step="ship").result == "ship"
    assert journal == ["ship"]


def test_large_results_are_copied(player: Player) -> None:
    def large(ctx: durable.ContextSync) -> int:
        text = ctx.step.run("large", lambda: "ü" * 5000)
        return ctx.step.run("length", len, text)

    run = player.play(large)
    assert once_more(player, run, from_step="length").result == 5000
    assert Blob.objects.count() == 2


def test_it_may_have_other_input(player: Player) -> None:
    run = player.play(order, {"order": 1})
    new = once_more(player, run, from_step="ship", input={"order": 2})
    assert new.result == ["reserve 1", "charge 1", "charge 1", "ship 2"]
    assert new.event is not None and new.event_id != run.event_id
    assert (new.event.name, new.event.value) == (EVENT, {"order": 2})
    run.refresh_from_db()
    assert run.event is not None and run.event.value == {"order": 1}


def test_other_input_starts_nothing_else(player: Player) -> None:
    run = player.play(order, {"order": 1})
    player.define(lambda ctx: None, fn_id="another")
    once_more(player, run, input={"order": 2})
    assert list(Run.objects.values_list("function", flat=True)) == ["case", "case"]


@pytest.mark.parametrize(
    ("data", "error"),
    [([1], EventInvalidError), ({"at": object()}, OutputUnserializableError)],
)
def test_input_that_cannot_be_stored_is_refused(player: Player, data: Any, error: Any) -> None:
    run = player.play(order)
    with pytest.raises(error):
        durable.replay(run.pk, input=data)
    assert (Run.objects.count(), Event.objects.count()) == (1, 1)


def test_an_unknown_step_is_refused_with_the_list_of_steps(player: Player) -> None:
    run = player.play(order)
    with pytest.raises(StepNotFoundError) as raised:
        durable.replay(run.pk, from_step="pay")
    assert str(raised.value) == (
        f"Run {run.pk} of 'case' has no step 'pay'. "
        "Its steps are: 'reserve', 'charge', 'charge:1', 'ship'."
    )
    assert Run.objects.count() == 1


def test_a_run_is_replayed_any_number_of_times(player: Player) -> None:
    run = player.play(order)
    second = once_more(player, run)
    third = once_more(player, second, from_step="ship")
    fourth = once_more(player, run)
    assert [r.replay for r in (run, second, third, fourth)] == [0, 1, 2, 3]
    assert [r.replay_of for r in (second, third, fourth)] == [run.pk, second.pk, run.pk]


def test_a_failed_run_is_replayed_with_what_it_had_done(player: Player) -> None:
    def fails(ctx: durable.ContextSync) -> str:
        ctx.step.run("reserve", say, "reserve")
        return ctx.step.run("charge", stumble, "charge")

    run = player.play(fails, retries=0)
    assert once_more(player, run, from_step="charge").status == "failed"
    assert journal == ["charge"]


def test_a_run_that_goes_on_is_left_alone(player: Player) -> None:
    def naps(ctx: durable.ContextSync) -> str:
        ctx.step.run("before", say, "before")
        ctx.step.sleep("nap", 3_600_000)
        return ctx.step.run("after", say, "after")

    player.define(naps)
    run = player.send()
    player.work()
    new = once_more(player, run, from_step="nap")
    assert new.result == "after"
    assert player.settle(run).result == "after"
    assert journal == ["after", "after"]


def test_it_is_undone_with_the_transaction_of_the_caller(player: Player) -> None:
    run = player.play(order)
    with transaction.atomic():
        durable.replay(run.pk, from_step="ship", input={})
        transaction.set_rollback(True)
    assert (Run.objects.count(), Event.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_it_is_replayed_from_async_code(player: Player) -> None:
    run = player.play(order, {"order": 1})
    new = asyncio.run(durable.areplay(run.pk, from_step="ship"))
    assert player.settle(Run.objects.get(pk=new)).result == run.result
