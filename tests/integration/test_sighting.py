from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import durable
from durable import tasks
from durable.authoring.registry import Registry
from durable.models import RunStatus, Worker
from durable.worker import identity, sighting
from tests.integration import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def newborn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sighting, "_tally", sighting.Tally())
    yield


def test_new_worker_appears_with_its_name_on_leases() -> None:
    sighting.start()
    (row,) = Worker.objects.all()
    assert (row.owner, row.pid, row.parent) == (identity.owner(), os.getpid(), os.getppid())
    assert (row.is_supervised, row.claims, row.hints) == (False, 0, 0)


def test_new_worker_tells_which_version_of_each_function_it_has(fresh_registry: Registry) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    shop = durable.create_function(fn_id="shop", trigger=trigger)(lambda ctx: None)
    sighting.start()
    assert Worker.objects.get().functions == f'{{"shop": "{shop.version}"}}'


def test_worker_that_stops_cleanly_leaves_no_row_and_its_heart_brings_none_back() -> None:
    sighting.start()
    sighting.leave()
    sighting.tell()
    assert not Worker.objects.exists()


def test_beats_change_the_same_row_with_one_statement() -> None:
    sighting.start()
    sighting.tally().claims = 30
    with CaptureQueriesContext(connection) as caught:
        sighting.tell()
    (row,) = Worker.objects.all()
    assert (row.claims, row.rate > 0, len(caught)) == (30, True, 1)


def test_process_that_was_forked_begins_anew() -> None:
    sighting.start()
    sighting.tally().claims = 9
    sighting.tally().pid -= 1  # what the parent counted is not this process's
    sighting.tell()
    assert sorted(Worker.objects.values_list("claims", flat=True)) == [0, 0]


def test_rows_of_those_long_gone_are_removed_by_newcomers() -> None:
    gone, silent = rows.worker(seen=rows.ago(901)), rows.worker(seen=rows.ago(800))
    sighting.start()
    left = set(Worker.objects.values_list("pk", flat=True))
    assert (gone.pk in left, silent.pk in left, len(left)) == (False, True, 2)


def test_messages_and_claims_are_counted() -> None:
    rows.run(RunStatus.QUEUED, "ghost", due_at=rows.ago(1))
    tasks.drain()
    assert (sighting.tally().hints, sighting.tally().claims) == (1, 1)


def test_rate_is_that_of_the_last_minute() -> None:
    tally = sighting.Tally()
    begun = tally._seen[0][0]
    tally.claims = 100
    assert tally.rate(begun + 10) == pytest.approx(600)
    assert tally.rate(begun + 50) == pytest.approx(120)
    assert tally.rate(begun + 75) == pytest.approx(0)
