"""`step.wait_for_event`: an event or the time-out, exactly one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.engine import deliver
from durable.engine.drive import drive
from durable.models import Event, Run, Wait
from tests.harness import Player, journal, note, say, steps_of, sync_and_async

HOUR = timedelta(hours=1)
STRICT = pytest.mark.parametrize("strict", [False, True])


def wait(ctx: durable.ContextSync, **options: Any) -> Any:
    options = {"event": "order/paid", "timeout": HOUR, **options}
    event = ctx.step.wait_for_event("wait", **options)
    return None if event is None else [event.name, event.data]


async def await_it(ctx: durable.Context, **options: Any) -> Any:
    options = {"event": "order/paid", "timeout": HOUR, **options}
    event = await ctx.step.wait_for_event("wait", **options)
    return None if event is None else [event.name, event.data]


BOTH = sync_and_async(wait, await_it)


def pay(**data: Any) -> None:
    durable.send(durable.Event(name="order/paid", data=data))


def begun(player: Player, handler: Any, data: Any = None, **options: Any) -> Run:
    """Have a run come to its wait."""
    player.define(handler, **options)
    run = player.send(data)
    player.work()
    return run


@BOTH
@STRICT
def test_the_event_is_the_answer(player: Player, handler: Any, strict: bool) -> None:
    run = begun(player, handler, strict=strict)
    pay(amount=5)
    assert player.settle(run).result == ["order/paid", {"amount": 5}]
    assert steps_of(run) == {"wait": "done"}
    assert not Wait.objects.exists()


@BOTH
@STRICT
def test_nothing_is_the_answer_when_time_is_over(
    player: Player, handler: Any, strict: bool, clock: ModuleType
) -> None:
    run = begun(player, handler, strict=strict)
    clock.travel(HOUR - timedelta(seconds=1))
    player.work()
    run.refresh_from_db()
    assert not run.is_final
    assert player.settle(run).result is None
    assert not Wait.objects.exists()


@BOTH
def test_an_event_after_the_time_out_comes_too_late(player: Player, handler: Any) -> None:
    run = begun(player, handler)
    player.jump()
    player.worker.take_one()  # the step has ended, the run has not gone on yet
    pay()
    assert player.settle(run).result is None


@BOTH
def test_a_time_out_after_the_event_comes_too_late(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    run = begun(player, handler)
    pay()
    while not run.steps.filter(status="done").exists():
        player.worker.take_one()
    clock.travel(2 * HOUR)
    assert player.settle(run).result == ["order/paid", {}]


@BOTH
def test_an_event_in_time_counts_although_nobody_was_there_until_the_time_was_over(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    run = begun(player, handler)
    pay()
    clock.travel(2 * HOUR)
    assert player.settle(run).result == ["order/paid", {}]


@BOTH
def test_an_event_after_the_time_is_too_late_although_nobody_has_seen_the_time_out(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    run = begun(player, handler)
    clock.travel(2 * HOUR)
    pay()
    assert player.settle(run).result is None


def test_an_empty_event_is_no_time_out(player: Player) -> None:
    run = begun(player, wait)
    pay()
    assert player.settle(run).result == ["order/paid", {}]


@BOTH
def test_an_event_of_another_name_is_not_it(player: Player, handler: Any) -> None:
    run = begun(player, handler)
    durable.send(durable.Event(name="order/refunded"))
    assert player.settle(run).result is None


@BOTH
def test_the_match_is_the_same_value_in_both_events(player: Player, handler: Any) -> None:
    run = begun(player, partial(handler, match="data.order"), {"order": 7})
    pay(order=8)
    pay(order="7")
    pay()
    player.work()
    assert steps_of(run) == {"wait": "pending"}
    pay(order=7)
    assert player.settle(run).result == ["order/paid", {"order": 7}]


@BOTH
@pytest.mark.parametrize("match", ["data.order", "order"])
def test_a_match_that_nothing_can_meet_is_refused(player: Player, handler: Any, match: str) -> None:
    run = begun(player, partial(handler, match=match), {})
    run.refresh_from_db()
    assert run.failure is not None
    assert f"match={match!r} leads to nothing" in run.failure["message"]


def test_null_is_a_value_to_match(player: Player) -> None:
    run = begun(player, partial(wait, match="data.order"), {"order": None})
    pay(order=7)
    pay(order=None)
    assert player.settle(run).result == ["order/paid", {"order": None}]


@BOTH
def test_a_condition_may_compare_both_events(player: Player, handler: Any) -> None:
    condition = "async.data.order == event.data.order && async.data.total > event.data.least"
    run = begun(player, partial(handler, if_exp=condition), {"order": 7, "least": 100})
    pay(order=7, total=100)
    pay(order=8, total=500)
    pay(order=7, total=101)
    assert player.settle(run).result == ["order/paid", {"order": 7, "total": 101}]


def test_equality_in_a_condition_is_found_by_key(player: Player) -> None:
    condition = "async.data.order == event.data.order && async.data.total > 5"
    begun(player, partial(wait, if_exp=condition), {"order": 7})
    found = Wait.objects.get()
    assert (found.path, len(found.match)) == ("data.order", 64)
    assert "total" in found.rest and "order" not in found.rest


@BOTH
def test_a_wrong_condition_fails_the_run_at_once(player: Player, handler: Any) -> None:
    run = begun(player, partial(handler, if_exp="async.data.order =="))
    run.refresh_from_db()
    assert run.failure is not None
    assert run.failure["code"] == "expression_invalid"
    assert run.steps.count() == 0


@BOTH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": None}, "needs a timeout"),
        ({"timeout": -5}, "timeout"),
        ({"timeout": "400d"}, "366 days"),
        ({"event": ""}, "must be the name of an event"),
        ({"event": "order/*"}, "has no wildcards"),
        ({"event": "durable/function.failed"}, "events of durable itself"),
        ({"lookback": "soon"}, "lookback"),
    ],
)
def test_wrong_arguments_are_named(
    player: Player, handler: Any, options: dict[str, Any], message: str
) -> None:
    run = begun(player, partial(handler, **options))
    run.refresh_from_db()
    assert run.failure is not None
    assert message in run.failure["message"]


@BOTH
def test_an_event_before_the_wait_does_not_count(player: Player, handler: Any) -> None:
    pay()
    player.work()
    run = begun(player, handler)
    assert player.settle(run).result is None


@BOTH
@STRICT
def test_looking_back_finds_an_event_from_before(
    player: Player, handler: Any, strict: bool, clock: ModuleType
) -> None:
    pay(n=1)
    pay(n=2)
    player.work()
    clock.travel(timedelta(minutes=5))
    run = player.play(partial(handler, lookback="10m"), strict=strict)
    assert run.result == ["order/paid", {"n": 1}]
    assert not Wait.objects.exists()


@BOTH
def test_looking_back_goes_as_far_as_it_is_told(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    pay()
    player.work()
    clock.travel(timedelta(minutes=15))
    run = begun(player, partial(handler, lookback="10m"))
    assert steps_of(run) == {"wait": "pending"}
    pay(late=True)
    assert player.settle(run).result == ["order/paid", {"late": True}]


def test_looking_back_heeds_the_condition(player: Player) -> None:
    pay(order=6)
    pay(order=7)
    player.work()
    run = player.play(partial(wait, match="data.order", lookback="1h"), {"order": 7})
    assert run.result == ["order/paid", {"order": 7}]


def test_looking_back_in_vain_keeps_the_time_out(player: Player, clock: ModuleType) -> None:
    run = begun(player, partial(wait, lookback="10m"))
    step = run.steps.get()
    assert step.due_at is not None and step.started is not None
    assert abs(step.due_at - step.started - HOUR) < timedelta(seconds=1)
    assert player.settle(run).result is None


def test_an_event_wakes_all_who_wait_for_it(player: Player) -> None:
    player.define(wait)
    runs = [player.send() for _ in range(5)]
    player.work()
    pay(n=1)
    player.work()
    assert [Run.objects.get(pk=run.pk).result for run in runs] == [["order/paid", {"n": 1}]] * 5


def test_more_waits_than_a_page_are_woken(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.engine.deliver.PAGE", 2)
    player.define(wait)
    runs = [player.send() for _ in range(5)]
    player.work()
    pay()
    player.work()
    assert Run.objects.filter(pk__in=[run.pk for run in runs], status="completed").count() == 5


def test_one_wait_takes_one_event(player: Player) -> None:
    def twice(ctx: durable.ContextSync) -> list[Any]:
        events = [
            ctx.step.wait_for_event("first", event="order/paid", timeout=HOUR),
            ctx.step.wait_for_event("second", event="order/paid", timeout=HOUR),
        ]
        return [event and event.data["n"] for event in events]

    run = begun(player, twice)
    pay(n=1)
    player.work()
    pay(n=2)
    assert player.settle(run).result == [1, 2]


def grouped(ctx: durable.ContextSync) -> list[Any]:
    def branch(name: str) -> Any:
        event = ctx.step.wait_for_event(f"wait {name}", event=name, timeout=HOUR)
        note(f"{name} {event is not None}")
        return ctx.step.run(name, say, name)

    branches: tuple[Callable[[], Any], ...] = (
        lambda: branch("a"),
        lambda: branch("b"),
        lambda: ctx.step.run("c", say, "c"),
        lambda: ctx.group.parallel((lambda: branch("d"),)),
    )
    return list(ctx.group.parallel(branches))


async def gathered(ctx: durable.Context) -> list[Any]:
    async def branch(name: str) -> Any:
        event = await ctx.step.wait_for_event(f"wait {name}", event=name, timeout=HOUR)
        note(f"{name} {event is not None}")
        return await ctx.step.run(name, say, name)

    async def nested() -> list[Any]:
        return [await branch("d")]

    steps: Any = branch("a"), branch("b"), ctx.step.run("c", say, "c"), nested()
    return list(await asyncio.gather(*steps))


@sync_and_async(grouped, gathered)
@pytest.mark.parametrize("mode", ParallelMode)
@STRICT
def test_waits_side_by_side(player: Player, handler: Any, mode: ParallelMode, strict: bool) -> None:
    run = begun(player, handler, parallel_mode=mode, strict=strict)
    durable.send(durable.Event(name="b"))
    player.work()
    assert ("b" in journal) == (mode is ParallelMode.RACE)
    durable.send([durable.Event(name="d"), durable.Event(name="a")])
    assert player.settle(run).result == ["a", "b", "c", ["d"]]
    assert {mark for mark in journal if " " in mark} == {"a True", "b True", "d True"}


def test_a_run_that_ends_waits_no_more(player: Player) -> None:
    async def gives_up(ctx: durable.Context) -> str:
        waiting = asyncio.create_task(
            ctx.step.wait_for_event("wait", event="order/paid", timeout=HOUR)
        )
        await asyncio.sleep(0)
        await ctx.step.run("other", say, "other")
        waiting.cancel()
        return "gone"

    run = player.play(gives_up)
    assert run.result == "gone"
    assert not Wait.objects.exists()


def test_events_are_looked_at_once(player: Player) -> None:
    begun(player, wait)
    pay()
    player.work()
    assert not Event.objects.filter(route_at__isnull=False).exists()
    assert player.store.due(10).count == 0


def test_an_event_that_only_waits_hear_is_not_called_unheard(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    begun(player, wait)
    with caplog.at_level("INFO", "durable.engine"):
        pay()
    assert "no function is triggered" not in caplog.text


def twice(ctx: durable.ContextSync) -> list[Any]:
    return [wait(ctx), wait(ctx)]


async def twice_async(ctx: durable.Context) -> list[Any]:
    return [await await_it(ctx), await await_it(ctx)]


@sync_and_async(twice, twice_async)
def test_one_event_is_not_the_answer_to_two_waits_of_a_run_when_who_hands_it_out_is_killed(
    player: Player, handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(player, handler)
    pay()
    with monkeypatch.context() as killed:
        killed.setattr("durable.store.events.Events.routed", lambda *_: None)
        player.work()
    assert player.settle(run).result == [["order/paid", {}], None]


def test_one_event_is_not_the_answer_to_two_waits_of_a_run_that_goes_on_at_once(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(player, twice)
    pay()
    give = deliver._give

    def give_and_go_on(*args: Any) -> None:
        give(*args)
        for row in player.store.runs.claim("another:1:1", 1):
            drive(player.store, row, owner="another:1:1", workers=1)

    monkeypatch.setattr(deliver, "_give", give_and_go_on)
    player.work()
    assert steps_of(run) == {"wait": "done", "wait:1": "pending"}
