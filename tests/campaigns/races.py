"""The races of X: who meets whom, and what must be so whoever was first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import durable
from durable import clock
from durable.engine import cron
from durable.engine.cancel import end_early
from durable.engine.deliver import deliver
from durable.engine.finish import complete, fail
from durable.engine.plan import plan
from durable.engine.timers import ring
from durable.models import Event, Run, Step, Wait
from durable.playback.interrupt import Fenced
from durable.playback.keys import step_key
from durable.playback.request import EventWait, ParallelMode, Request
from durable.store import Store, get_store
from durable.store.rows import RunClaim, StepClaim
from tests.campaigns import afterwards
from tests.campaigns.interleave import Acts
from tests.campaigns.racecourse import one_step, race, the_run
from tests.campaigns.scenarios.scenario import function
from tests.campaigns.stage import Stage, stage
from tests.integration.store import kit

NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)
Act = Callable[[], Any]


# X1


def _wait(lookback: float | None = None, timeout: float = 3600.0) -> Request:
    return Request(
        key=step_key("wait", 0, ""),
        name="wait",
        index=0,
        branch="",
        mode=ParallelMode.WAIT,
        what=EventWait("order/paid", timeout, lookback=lookback),
    )


def _pay(store: Store) -> None:
    durable.send(durable.Event(name="order/paid", data={"n": 1}))
    deliver(store)


def _due(store: Store) -> None:
    deliver(store)
    ring(store, store.steps.claim(kit.RIVAL, 10))


def _register_and_arrive(store: Store) -> Acts:
    run = kit.claimed(store)
    return [partial(_pay, store), partial(plan, store, run, [_wait(60.0)], park=True, take=0)]


def _heard(results: Sequence[Any]) -> None:
    _due(get_store())
    step = Step.objects.get()
    assert step.status == "done" and '"n":1' in str(step.output), f"missed: {step.output}"
    assert the_run().status == "queued" and not Wait.objects.exists()


def _expire_and_arrive(store: Store) -> Acts:
    run = kit.claimed(store)
    plan(store, run, [_wait(timeout=0.0)], park=True, take=0)
    return [partial(_pay, store), lambda: ring(store, store.steps.claim(kit.RIVAL, 10))]


def _ended_once(results: Sequence[Any]) -> None:
    _due(get_store())
    row = the_run()
    assert Step.objects.get().status == "done"
    assert (row.status, row.pending) == ("queued", 0)


# X2


def _two_workers(store: Store) -> Acts:
    function(one_step, "x2", "x2")
    durable.send(durable.Event(name="x2"))
    return [partial(Stage().worker.take_one), partial(Stage().worker.take_one)]


def _done_once(results: Sequence[Any]) -> None:
    assert the_run().status == "completed"
    assert stage().count("only") == 1


# X3


def _record_and_rescue(store: Store) -> Acts:
    run = kit.claimed(store)

    def works() -> bool:
        store.steps.record(run, [kit.done("a")], ())
        return store.runs.finish(run, "completed", output="1")

    def rescues() -> list[RunClaim]:
        store.release_owners([kit.ME])
        return store.runs.claim(kit.RIVAL)

    return [works, rescues]


def _one_owner(results: Sequence[Any]) -> None:
    ended, taken = results
    if isinstance(ended, Fenced):
        assert len(taken) == 1 and the_run().status == "running"
    else:
        assert bool(ended) + len(taken) == 1, "neither or both of the workers had the run"
    assert Step.objects.count() <= 1


# X4


def _two_branches(mode: ParallelMode, store: Store) -> Acts:
    claims = kit.parked(store, "a", "b", mode=mode)
    return [
        partial(store.steps.flush, [(claim, kit.done(claim.name, mode=mode))]) for claim in claims
    ]


def _joined(results: Sequence[Any]) -> None:
    row = the_run()
    assert (row.status, row.pending, row.due_at is None) == ("queued", 0, False), "lost join"
    assert sum(flush.woken for flush in results) == 1, "the join fired twice, or never"


# X5, X6


def _cancel_and_record(store: Store) -> Acts:
    run = kit.claimed(store)
    row = Run.objects.get(pk=run.id)
    return [
        partial(store.steps.record, run, [kit.done("a")], ()),
        partial(end_early, store, row, "cancelled"),
    ]


def _stays_cancelled(results: Sequence[Any]) -> None:
    assert results[1] is True
    assert the_run().status == "cancelled"


def _three_ends(store: Store) -> Acts:
    run = kit.planned(store, "a", "b")
    row = Run.objects.get(pk=run.id)
    claims = store.steps.claim(kit.RIVAL, 2, run.id)
    return [
        partial(_flush, store, claims),
        partial(end_early, store, row, "cancelled"),
        partial(complete, store, run, 1, close_steps=True),
    ]


def _flush(store: Store, claims: Sequence[StepClaim]) -> Any:
    return store.steps.flush([(claim, kit.done(claim.name)) for claim in claims])


def _complete_and_fail(store: Store) -> Acts:
    run = kit.planned(store, "a", "b")
    row = Run.objects.get(pk=run.id)
    return [
        partial(fail, store, run, kit.failure(), close_steps=True),
        partial(end_early, store, row, "cancelled"),
    ]


def _ended_and_closed(results: Sequence[Any]) -> None:
    row = the_run()
    assert row.is_final and (row.pending, row.owner) == (0, None)


# X7


def _send_twice(store: Store) -> Acts:
    function(one_step, "x7", "x7")
    send = partial(durable.send, durable.Event(name="x7", id="same", data={}))
    return [send, send]


def _counted_once(results: Sequence[Any]) -> None:
    assert results[0] == results[1], "two answers for one event"
    assert Event.objects.count() == Run.objects.count() == 1


# X8


def _two_tickers(store: Store) -> Acts:
    function(one_step, "x8", trigger=durable.TriggerCron(cron="TZ=UTC 0 * * * *"))
    clock.travel(NOON - timedelta(minutes=5) - clock.now())
    for _ in range(2):
        cron.sync(store)
    clock.travel(timedelta(minutes=6))

    def tick() -> int:
        return cron.fire(store, cron.sync(store))

    return [tick, tick]


def _ticked_once(results: Sequence[Any]) -> None:
    assert Event.objects.filter(ts=NOON).count() == Run.objects.count() == 1


# X9: there are no slots yet; the wake-up that a planner may miss as it parks is the race in their place.


def _racer_and_planner(store: Store) -> Acts:
    run = kit.planned(store, "a", "b", mode=ParallelMode.RACE)
    (claim, _) = store.steps.claim(kit.RIVAL, 2, run.id)

    def parks() -> None:
        if not store.runs.park(run):
            store.runs.release(run)

    return [
        partial(store.steps.flush, [(claim, kit.done("a", mode=ParallelMode.RACE))]),
        parks,
    ]


def _woken(results: Sequence[Any]) -> None:
    assert the_run().status == "queued", "a wake-up was lost"


RACES = {
    one.name: one
    for one in (
        *afterwards.RACES,
        race("X1 wait and event", _register_and_arrive, _heard),
        race("X1 expiry and event", _expire_and_arrive, _ended_once),
        race("X2 two workers", _two_workers, _done_once),
        race("X3 record and rescue", _record_and_rescue, _one_owner, Fenced),
        race("X4 join, WAIT", partial(_two_branches, ParallelMode.WAIT), _joined),
        race("X5 cancel and record", _cancel_and_record, _stays_cancelled, Fenced),
        race("X6 cancel and fail", _complete_and_fail, _ended_and_closed),
        race("X6 cancel, complete, flush", _three_ends, _ended_and_closed),
        race("X7 one event twice", _send_twice, _counted_once),
        race("X8 two tickers", _two_tickers, _ticked_once),
        race("X9 racer and planner", _racer_and_planner, _woken),
    )
}
