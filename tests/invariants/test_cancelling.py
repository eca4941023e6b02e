"""A run is cancelled wherever its driver stands, and whoever else works on it: one of them decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

import durable
from durable.engine.cancel import sweep
from durable.models import Run
from durable.models.status import OPEN_STEP
from durable.playback.interrupt import Fenced
from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import NewRun, RunClaim, StepClaim
from tests.integration.store import kit
from tests.invariants import stage
from tests.invariants.actors import preempted, together

NAMES = ("a", "b", "c")
MODES = pytest.mark.parametrize("mode", ParallelMode)
Act = Callable[[], Any]


def cancel(run: RunClaim) -> bool:
    return durable.cancel(run.id)


def unless_fenced(act: Act) -> Any:
    try:
        return act()
    except Fenced:
        return "fenced"


def meetings(
    prepare: Callable[[], RunClaim], acts: Callable[[RunClaim], tuple[Act, Act]]
) -> Iterator[tuple[RunClaim, Any, Any, str]]:
    """Stop the first act at each of its statements in turn, have the second done, and go on."""
    for stop_at in count(1):
        run = prepare()
        both = preempted(*acts(run), stop_at)
        if both is None:
            assert stop_at > 1
            return
        yield run, *both


def both_ways(
    prepare: Callable[[], RunClaim], act: Callable[[RunClaim], Any]
) -> Iterator[tuple[RunClaim, Any, Any, str]]:
    """The same with the parts changed; it yields what cancelling returned first."""
    yield from meetings(prepare, lambda run: (partial(cancel, run), partial(act, run)))
    for run, other, cancelled, where in meetings(
        prepare, lambda run: (partial(act, run), partial(cancel, run))
    ):
        yield run, cancelled, other, where


def check_cancelled(run: RunClaim, where: str) -> None:
    row = kit.row(run)
    assert row.status == "cancelled", where
    assert (row.owner, row.due_at, row.deadline, row.pending) == (None, None, None, 0), where
    assert (row.output, row.error) == (None, None), where
    assert not row.steps.filter(status__in=OPEN_STEP).exists(), where


def test_the_end_or_the_cancel_wins(store: Store) -> None:
    def finish(run: RunClaim) -> bool:
        return store.runs.finish(run, "completed", output="1", close_steps=True)

    for run, cancelled, finished, where in both_ways(lambda: kit.planned(store, *NAMES), finish):
        assert cancelled != finished, where
        if cancelled:
            check_cancelled(run, where)
        else:
            assert kit.row(run).result == 1, where


def test_what_is_planned_at_the_moment_is_closed_too(store: Store) -> None:
    def plan(run: RunClaim) -> Any:
        requests = [kit.request(name) for name in NAMES]
        return unless_fenced(lambda: store.steps.plan(run, requests))

    for run, cancelled, _, where in both_ways(lambda: kit.claimed(store), plan):
        assert cancelled is True, where
        check_cancelled(run, where)


def test_what_failed_at_the_moment_is_not_tried_again(store: Store) -> None:
    def record(run: RunClaim) -> Any:
        return unless_fenced(lambda: store.steps.record(run, [kit.failed(retry_in=9.0)], ()))

    for run, cancelled, _, where in both_ways(lambda: kit.claimed(store), record):
        assert cancelled is True, where
        check_cancelled(run, where)


@MODES
def test_a_flush_of_its_steps_neither_hangs_nor_wakes_it(store: Store, mode: ParallelMode) -> None:
    def flush(run: RunClaim) -> int:
        claims: list[StepClaim] = store.steps._claims(store.steps.rows.filter(run=run.id))
        return store.steps.flush([(claim, kit.done(claim.name)) for claim in claims]).woken

    def prepare() -> RunClaim:
        run = kit.planned(store, *NAMES, mode=mode, park=True)
        store.steps.claim(kit.ME, 3, run.id)
        return run

    for run, cancelled, _, where in both_ways(prepare, flush):
        assert cancelled is True, where
        check_cancelled(run, where)


def test_who_claims_it_at_the_moment_records_nothing(store: Store) -> None:
    def prepare() -> RunClaim:
        run = kit.queued(store)
        return RunClaim(id=run.pk, claim=1, function="f", event=run.event_id)

    def claim(run: RunClaim) -> Any:
        claims = store.runs.claim(kit.RIVAL)
        return (
            unless_fenced(lambda: store.steps.record(claims[0], [kit.done()], ())) if claims else 0
        )

    for run, cancelled, _, where in both_ways(prepare, claim):
        assert cancelled is True, where
        check_cancelled(run, where)


def test_one_of_many_who_cancel_does_it(store: Store) -> None:
    for _ in range(5):
        run = kit.planned(store, *NAMES)
        assert sorted(together([partial(cancel, run)] * 4)) == [False, False, False, True]
        check_cancelled(run, "")


def test_a_run_that_is_started_at_the_last_moment_is_not_swept(store: Store) -> None:
    def prepare() -> RunClaim:
        on = kit.event()
        store.runs.create_each([NewRun(event=on, function="f", start_within=60.0)])
        run = Run.objects.get(event=on)
        return RunClaim(id=run.pk, claim=1, function="f", event=on.pk)

    def start(run: RunClaim) -> int:
        return len(store.runs.claim(kit.ME))

    for run, started, _, where in meetings(
        prepare, lambda run: (partial(start, run), partial(sweep, store))
    ):
        assert (started, kit.row(run).status) == (1, "running"), where


def test_a_run_is_cancelled_wherever_its_driver_stands(store: Store) -> None:
    def body(ctx: durable.ContextSync) -> list[str]:
        first = ctx.step.run("first", stage.say, "first")
        return [
            first,
            *ctx.group.parallel(tuple(partial(ctx.step.run, n, stage.say, n) for n in NAMES)),
            ctx.step.run("last", stage.say, "last"),
        ]

    durable.create_function(fn_id="body", trigger=durable.TriggerEvent(event="invariant"))(body)
    for stop_at in count(1):
        run = stage.send()
        drive = partial(stage.work, stage.worker(store, "driver"))
        both = preempted(drive, partial(durable.cancel, run), stop_at)
        if both is None:
            break
        row = Run.objects.get(pk=run)
        assert row.status == ("cancelled" if both[1] else "completed"), both[2]
        stage.check_end(row)
    assert stop_at > 5


def test_one_key_sent_by_many_starts_one_run(store: Store) -> None:
    durable.create_function(
        fn_id="once",
        trigger=durable.TriggerEvent(event="invariant"),
        idempotency="event.data.order",
    )(lambda ctx: None)

    def send(*orders: int) -> None:
        durable.send([durable.Event(name="invariant", data={"order": n}) for n in orders])

    for _ in range(3):
        together([partial(send, *range(6)), partial(send, *reversed(range(6)))] * 3)
        assert Run.objects.count() == 6
        kit.later(86_401)
        together([partial(send, 0)] * 6)
        assert Run.objects.count() == 7
        Run.objects.all().delete()


def test_one_key_sent_by_two_starts_one_run_wherever_the_other_stands(store: Store) -> None:
    durable.create_function(
        fn_id="once",
        trigger=durable.TriggerEvent(event="invariant"),
        idempotency="event.data.order",
    )(lambda ctx: None)

    def send(order: int) -> None:
        durable.send(durable.Event(name="invariant", data={"order": order}))

    for is_known in (False, True):
        for stop_at in count(1):
            if is_known:
                send(stop_at)
                kit.later(86_401)
            before = Run.objects.count()
            both = preempted(partial(send, stop_at), partial(send, stop_at), stop_at)
            if both is None:
                break
            assert Run.objects.count() == before + 1, both[2]
        Run.objects.all().delete()


def test_one_of_many_who_retry_does_it(store: Store) -> None:
    run = kit.planned(store, *NAMES)
    durable.cancel(run.id)

    def retry() -> bool:
        try:
            durable.retry(run.id)
        except durable.DurableError:
            return False
        return True

    assert sorted(together([retry] * 4)) == [False, False, False, True]
    assert kit.row(run).status == "queued"


def test_many_who_replay_at_once_make_a_run_each(store: Store) -> None:
    run = kit.claimed(store)
    assert len(set(together([partial(durable.replay, run.id)] * 6))) == 6
    assert sorted(Run.objects.values_list("replay", flat=True)) == list(range(7))
