"""What a run was given and what it made is erased; that it ran is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

import durable
from durable import clock
from durable.errors import RunStateError
from durable.models import FailureTally, Rollup, Run
from durable.operations.erase import erase
from durable.operations.fingerprint import fingerprint
from durable.operations.rollup import advance
from durable.store import get_store
from durable.store.rollups import Alike, Sums
from tests.harness import EVENT, Player, steps_of

CANARY = "canary-4711"


def spill(ctx: durable.ContextSync) -> Any:
    ctx.step.run("small", str, CANARY)
    ctx.step.run("large", lambda: [CANARY] * 500)
    ctx.step.run("fails", fail, retries=1)


def fail() -> None:
    raise ValueError(CANARY)


def everything() -> str:
    """Return all that is stored of durable, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("durable_"):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found += cursor.fetchall()
    return repr(found)


def test_nothing_of_the_payloads_is_left_in_the_database(player: Player) -> None:
    player.define(lambda ctx: None, fn_id="hears", trigger=durable.TriggerEvent(event=FAILED))
    run = player.play(spill, {"secret": CANARY})
    player.work()
    assert CANARY in everything()
    assert erase(run.pk)
    assert CANARY not in everything()


FAILED = "durable/function.failed"


def fail_by_name() -> None:
    raise ValueError("there is no customer called Canary Bird")


def test_charts_keep_the_number_of_failures_and_forget_what_they_said(player: Player) -> None:
    runs = [player.play(lambda ctx: fail_by_name(), retries=0) for _ in range(2)]
    clock.travel(timedelta(minutes=10))
    advance(get_store())
    assert "Canary Bird" in FailureTally.objects.get().message
    for run in runs:
        erase(run.pk)
    tally = FailureTally.objects.get()
    assert (tally.name, tally.message, tally.count) == ("ValueError", "", 2)
    assert "Canary Bird" not in everything()


def test_failures_that_are_counted_after_they_were_erased_say_nothing(player: Player) -> None:
    erase(player.play(lambda ctx: fail_by_name(), retries=0).pk)
    clock.travel(timedelta(minutes=10))
    advance(get_store())
    assert FailureTally.objects.get().message == ""


def test_what_was_read_before_it_was_erased_is_not_written_after(player: Player) -> None:
    run = player.play(lambda ctx: fail_by_name(), retries=0)
    store = get_store()
    kind = fingerprint(run.failure or {})
    alike = Alike(kind.name, kind.place, kind.message, 1, clock.now(), run.pk)
    store.rollups.take(30.0, timedelta(days=1))
    since = Rollup.objects.get().until
    erase(run.pk)
    sums = Sums(failures={(since, run.function, kind.digest): alike})
    assert store.rollups.add(since, since + timedelta(minutes=1), sums)
    assert FailureTally.objects.get().message == ""


def test_names_times_and_statuses_stay(player: Player) -> None:
    run = player.play(spill, {"secret": CANARY})
    erase(run.pk)
    after = Run.objects.get(pk=run.pk)
    assert (after.status, after.ended, after.result) == ("failed", run.ended, None)
    assert after.erased is not None
    assert after.failure is not None
    assert after.failure["name"] == "ValueError"
    assert steps_of(after) == {"small": "done", "large": "done", "fails": "failed"}
    assert after.event is not None
    assert after.event.erased is not None


def test_it_is_erased_once(player: Player) -> None:
    run = player.play(lambda ctx: 1)
    assert erase(run.pk)
    assert not erase(run.pk)


def test_a_run_that_has_not_ended_keeps_what_it_needs(player: Player) -> None:
    player.define(spill)
    run = player.send({"secret": CANARY})
    with pytest.raises(RunStateError, match="has not ended and needs its payloads"):
        erase(run.pk)
    assert CANARY in everything()


def test_an_event_that_another_run_needs_is_kept_and_so_is_all_else(player: Player) -> None:
    player.define(lambda ctx: ctx.step.sleep("nap", 60_000), fn_id="sleeps")
    player.define(lambda ctx: CANARY, fn_id="spills")
    event = durable.send(durable.Event(name=EVENT, data={"secret": CANARY}))[0]
    player.work()
    spilled = Run.objects.get(event_id=event, function="spills")
    with pytest.raises(RunStateError, match=r"still needed by run .* of 'sleeps'"):
        erase(spilled.pk)
    spilled.refresh_from_db()
    assert (spilled.result, spilled.erased) == (CANARY, None)


def test_what_was_erased_is_neither_retried_nor_replayed(player: Player) -> None:
    run = player.play(spill, {"secret": CANARY})
    erase(run.pk)
    with pytest.raises(RunStateError, match="were erased"):
        durable.retry(run.pk)
    with pytest.raises(RunStateError, match="were erased"):
        durable.replay(run.pk)
    with pytest.raises(RunStateError, match="were erased"):
        durable.replay(run.pk, from_step="fails", input={"new": 1})
    assert Run.objects.count() == 1


def test_the_function_may_run_anew_with_other_data(player: Player) -> None:
    run = player.play(lambda ctx: ctx.event.data["n"], {"n": 1})
    erase(run.pk)
    new = Run.objects.get(pk=durable.replay(run.pk, input={"n": 2}))
    assert player.settle(new).result == 2


def test_runs_of_an_erased_event_are_not_replayed(player: Player) -> None:
    for name in ("one", "other"):
        player.define(lambda ctx: 1, fn_id=name)
    event = durable.send(durable.Event(name=EVENT, data={"secret": CANARY}))[0]
    player.work()
    erase(Run.objects.get(event_id=event, function="one").pk)
    with pytest.raises(RunStateError, match="were erased"):
        durable.replay(Run.objects.get(event_id=event, function="other").pk)
