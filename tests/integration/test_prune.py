from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

import durable
from durable.engine.overrides import kept
from durable.errors import RunNotFoundError
from durable.models import (
    Attempt,
    Blob,
    Delivery,
    Event,
    FunctionConfig,
    Operation,
    Run,
    RunStatus,
    Step,
    StepStatus,
    Wait,
)
from durable.models.status import FINAL_RUN
from durable.operations.audit import Actor, write_down
from durable.operations.prune import Batch, prune
from durable.operations.retention import Retention, retention
from durable.store import get_store, pruning
from durable.worker import housekeeping, sighting
from tests.integration import rows

pytestmark = pytest.mark.django_db

MONTH = Retention(dict.fromkeys(FINAL_RUN, timedelta(days=30)))


@pytest.fixture
def aged(clock: ModuleType) -> Any:
    """Let 31 days pass."""
    return lambda days=31: clock.travel(timedelta(days=days))


def pruned(kept: Retention = MONTH, **options: Any) -> list[Batch]:
    return list(prune(get_store(), kept, **options))


def left() -> set[Any]:
    return set(Run.objects.values_list("pk", flat=True))


def whole_run(**fields: Any) -> Run:
    """Store a run with something of everything."""
    run = rows.run(**fields)
    step = rows.step(run)
    rows.failed_try(run, step)
    rows.large(run, "x" * 3000, step)
    Wait.objects.create(run=run, step=step, event="order/paid", created=rows.ago(9))
    return run


def test_old_run_goes_with_all_that_belongs_to_it(aged: Any) -> None:
    whole_run()
    aged()
    pruned()
    for model in (Run, Step, Attempt, Blob, Wait, Event):
        assert not model._default_manager.exists(), model


def test_young_run_stays_whole(aged: Any) -> None:
    whole_run()
    aged(29)
    assert pruned() == []
    assert [m._default_manager.count() for m in (Run, Step, Attempt, Blob, Wait)] == [1] * 5


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING])
def test_live_run_stays_however_old_it_is(aged: Any, status: str) -> None:
    run = rows.run(status)
    aged(3000)
    pruned()
    assert left() == {run.pk}


def test_run_whose_child_lives_stays_until_that_has_ended(aged: Any) -> None:
    parent = rows.run()
    child = rows.run(RunStatus.QUEUED, parent=parent, parent_key="k")
    aged()
    pruned()
    assert left() == {parent.pk, child.pk}
    now = rows.ago(0)
    Run.objects.filter(pk=child.pk).update(status=RunStatus.COMPLETED, ended=now, due_at=None)
    pruned()
    assert left() == {child.pk}
    child.refresh_from_db()
    assert child.parent is None


def test_event_stays_while_another_run_refers_to_it(aged: Any) -> None:
    event = rows.event()
    rows.run(event=event)
    other = rows.run(RunStatus.FAILED, "other", event=event)
    aged()
    pruned(statuses=[RunStatus.COMPLETED])
    assert (left(), Event.objects.count()) == ({other.pk}, 1)
    pruned()
    assert Event.objects.count() == 0


def test_event_that_is_not_handed_out_yet_stays(aged: Any) -> None:
    rows.run(event=rows.event(route_at=rows.ago(1)))
    aged()
    pruned()
    assert (left(), Event.objects.count()) == (set(), 1)


def test_old_event_that_started_nothing_goes_too(aged: Any) -> None:
    rows.event()
    aged()
    young = rows.event()
    (batch,) = pruned()
    assert (batch.removed.events, [e.pk for e in Event.objects.all()]) == (1, [young.pk])


def test_events_without_runs_stay_where_only_one_function_is_pruned(aged: Any) -> None:
    rows.event()
    aged()
    pruned(functions=["shop"])
    assert Event.objects.count() == 1


def test_age_depends_on_function_and_status(aged: Any) -> None:
    for function in ("shop", "audit", "nightly"):
        for status in (RunStatus.COMPLETED, RunStatus.FAILED):
            rows.run(status, function)
    given = {
        "*": {"completed": "30d", "failed": timedelta(days=90)},
        "audit": None,
        "nightly": "7d",
    }
    with override_settings(DURABLE={"RETENTION": given}):
        kept = retention()
    aged(10)
    pruned(kept)
    assert _by_function() == {"shop": 2, "audit": 2}
    aged(30)
    pruned(kept)
    assert _by_function() == {"shop": 1, "audit": 2}
    aged(60)
    pruned(kept)
    assert _by_function() == {"audit": 2}


def _by_function() -> dict[str, int]:
    functions = list(Run.objects.values_list("function", flat=True))
    return {function: functions.count(function) for function in functions}


def test_many_runs_go_in_many_batches(aged: Any) -> None:
    event = rows.event()
    for number in range(7):
        rows.run(event=event, replay=number)
    aged()
    assert [batch.removed.runs for batch in pruned(size=3)] == [3, 3, 1]


def test_run_with_more_steps_than_a_statement_may_remove_goes_whole(
    aged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST", 3)
    run = rows.run()
    for number in range(8):
        rows.step(run, index=number)
    aged()
    with CaptureQueriesContext(connection) as caught:
        pruned()
    deletes = [
        one["sql"] for one in caught if one["sql"].startswith("DELETE") and "step" in one["sql"]
    ]
    assert (len(deletes), Step.objects.count(), Run.objects.count()) == (3, 0, 0)


def test_failure_in_the_middle_leaves_the_run_whole(
    aged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_run()
    aged()

    def fail(*args: object) -> int:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr(get_store().pruning, "_remove_events", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        pruned()
    assert [m._default_manager.count() for m in (Run, Step, Attempt, Blob, Wait)] == [1] * 5


def test_rehearsal_counts_and_removes_nothing(aged: Any) -> None:
    for status in (RunStatus.COMPLETED, RunStatus.FAILED):
        rows.run(status)
    rows.event()
    aged()
    found = pruned(is_rehearsal=True)
    assert sum(batch.removed.runs for batch in found) == 2
    assert sum(batch.removed.events for batch in found) == 1
    assert (Run.objects.count(), Event.objects.count()) == (2, 3)


def test_run_that_is_retried_after_it_was_found_stays(aged: Any) -> None:
    run = rows.run(RunStatus.FAILED)
    aged()
    store = get_store()
    found = store.pruning.old("shop", RunStatus.FAILED, timedelta(days=30), None, 10)
    durable.retry(run.pk)
    assert store.pruning.remove(found, RunStatus.FAILED, timedelta(days=30)).runs == 0
    assert left() == {run.pk}


def test_run_that_went_meanwhile_cannot_be_replayed(aged: Any) -> None:
    run = rows.run(RunStatus.FAILED)
    store = get_store()
    assert store.revivals.keep(run.pk)
    assert not store.revivals.keep(uuid4())
    aged()
    pruned()
    with pytest.raises(RunNotFoundError):
        durable.replay(run.pk)


def test_what_is_kept_costs_one_look_for_each_function_and_status(aged: Any) -> None:
    for number in range(20):
        rows.run(function=f"f{number % 2}")
    with CaptureQueriesContext(connection) as caught:
        pruned()
    assert len(caught) == 3 + 2 * len(FINAL_RUN) + 1


def test_eldest_worker_keeps_house_in_little_rounds(
    aged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sighting, "_tally", sighting.Tally())
    rows.run()
    aged()
    rests: list[float] = []
    with override_settings(DURABLE={"RETENTION": "30d"}):
        assert housekeeping.tidy(get_store(), rests.append) == 0
        sighting.tell()
        elder = rows.worker(started=rows.ago(600))
        assert housekeeping.tidy(get_store(), rests.append) == 0
        elder.delete()
        assert housekeeping.tidy(get_store(), rests.append) == 1
    assert len(rests) >= 1


def test_workers_remove_what_is_old_of_the_audit_log(
    aged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sighting, "_tally", sighting.Tally())
    write_down(get_store(), Actor(who="ada", via="admin"), "cancel", "run", rows.run().pk)
    aged(366)
    sighting.tell()
    assert housekeeping.tidy(get_store(), lambda seconds: None) == 1
    assert (Operation.objects.count(), Run.objects.count()) == (0, 1)


def test_house_is_left_alone_where_nobody_says_how_long_to_keep(aged: Any) -> None:
    rows.run()
    aged(3000)
    assert housekeeping.tidy(get_store(), lambda seconds: None) == 0
    assert Run.objects.count() == 1


def test_steps_that_live_do_not_outlive_their_run(aged: Any) -> None:
    run = rows.run(RunStatus.CANCELLED)
    rows.step(run, "late", StepStatus.CANCELLED)
    aged()
    pruned()
    assert Step.objects.count() == 0


def test_what_is_said_of_a_function_without_a_deploy_is_stronger_than_the_setting(
    aged: Any,
) -> None:
    rows.run(function="audit")
    rows.run(function="shop")
    FunctionConfig.objects.create(
        function="audit", retention=3650, changed=rows.ago(0), changed_by="ada"
    )
    aged()
    with override_settings(DURABLE={"RETENTION": "30d"}):
        pruned(retention(kept(get_store())))
    assert _by_function() == {"audit": 1}


def test_what_tells_to_whom_an_event_was_given_goes_with_either(aged: Any) -> None:
    waited, young = rows.run(), rows.run(RunStatus.WAITING, pending=1)
    heard = [rows.event("order/paid"), rows.event("order/sent")]
    for event, run in ((heard[0], waited), (heard[0], young), (heard[1], waited)):
        Delivery.objects.create(event=event, run=run, delivered=rows.ago(0))
    aged()
    pruned()
    assert (Delivery.objects.count(), Event.objects.count()) == (0, 1)
