"""Schedules: a row a line, moved on by whoever read it first; and the part of `due` that tells of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Run, Schedule
from durable.store import Store
from durable.store.rows import NewRun, Scheduled
from tests.integration.store import kit

pytestmark = pytest.mark.django_db

LINES = [("f", "@daily"), ("f", "0 12 * * *"), ("g", "@daily")]


def scheduled(store: Store, *due_in: float) -> list[Scheduled]:
    """Store a schedule of `LINES` for each number, due in so many seconds."""
    store.schedules.add(LINES[: len(due_in)])
    for (function, cron), seconds in zip(LINES, due_in, strict=False):
        due_at = clock.now() + timedelta(seconds=seconds)
        Schedule.objects.filter(function=function, cron=cron).update(due_at=due_at)
    return store.schedules.all()


def test_a_new_schedule_is_due(store: Store) -> None:
    store.schedules.add(LINES[:1])
    (row,) = store.schedules.all()
    assert (row.line, row.is_due) == (LINES[0], True)
    assert Schedule.objects.get().fired is None


def test_a_new_row_is_moved_on_from_the_time_that_was_read(store: Store) -> None:
    store.schedules.add(LINES[:1])
    (row,) = store.schedules.all()
    assert store.schedules.move(row, row.due_at + timedelta(days=1))


def test_a_line_has_one_row(store: Store) -> None:
    store.schedules.add(LINES)
    before = store.schedules.all()
    store.schedules.add(LINES)
    assert [row.id for row in store.schedules.all()] == [row.id for row in before]


def test_all_are_read_in_the_order_in_which_they_come_due(store: Store) -> None:
    assert [row.line for row in scheduled(store, 90, 30, 60)] == [LINES[1], LINES[2], LINES[0]]


def test_the_wait_and_the_time_are_those_of_the_database(store: Store) -> None:
    kit.later(3600)
    coming, passed = sorted(scheduled(store, 60, -60), key=lambda row: row.wait, reverse=True)
    assert abs(coming.wait - timedelta(seconds=60)) < timedelta(seconds=5)
    assert abs(passed.wait + timedelta(seconds=60)) < timedelta(seconds=5)
    assert (coming.is_due, passed.is_due) == (False, True)
    assert abs(coming.now - clock.now()) < timedelta(seconds=5)
    assert abs(passed.now - clock.now()) < timedelta(seconds=5)


def test_a_row_is_moved_on_once_from_the_time_that_was_read(store: Store) -> None:
    (row,) = scheduled(store, -60)
    following = row.due_at + timedelta(days=1)
    assert store.schedules.move(row, following, fired=row.due_at)
    assert not store.schedules.move(row, following, fired=row.due_at)
    kept = Schedule.objects.get()
    assert (kept.due_at, kept.fired) == (following, row.due_at)


def test_a_move_without_a_run_keeps_the_last_time(store: Store) -> None:
    (row,) = scheduled(store, -60)
    store.schedules.move(row, row.due_at + timedelta(days=1), fired=row.due_at)
    (again,) = store.schedules.all()
    store.schedules.move(again, row.due_at + timedelta(days=2))
    assert Schedule.objects.get().fired == row.due_at


def test_a_row_is_dropped_unless_it_was_moved_since(store: Store) -> None:
    moved, kept = scheduled(store, -60, 60)
    store.schedules.move(moved, moved.due_at + timedelta(days=1))
    assert not store.schedules.drop(moved)
    assert store.schedules.drop(kept)
    assert [row.id for row in store.schedules.all()] == [moved.id]


def test_due_schedules_are_counted_for_the_lines_that_are_asked_for(store: Store) -> None:
    scheduled(store, -60, -60, -60)
    kit.queued(store)
    assert store.leases.due(10).count == 1
    assert store.leases.due(10, LINES[:1]).count == 2
    assert store.leases.due(10, LINES).count == 4
    assert store.leases.due(3, LINES).count == 3


def test_a_function_and_a_line_are_asked_for_together(store: Store) -> None:
    scheduled(store, -60, -60, -60)
    assert store.leases.due(10, [("g", "0 12 * * *")]).count == 0


def test_a_coming_schedule_is_not_due_yet_but_may_be_next(store: Store) -> None:
    scheduled(store, 90, 30)
    kit.queued(store, due_in=60)
    due = store.leases.due(10, LINES)
    assert due.count == 0
    assert due.next_in is not None
    assert due.next_in == pytest.approx(30, abs=5)


def test_another_schedule_is_not_next(store: Store) -> None:
    scheduled(store, 30)
    assert store.leases.due(10, LINES[1:]).next_in is None
    assert store.leases.due(10).next_in is None


def test_what_is_not_asked_for_hides_nothing(store: Store) -> None:
    scheduled(store, -60, 90)
    due = store.leases.due(10, LINES[1:])
    assert due.count == 0
    assert due.next_in is not None
    assert due.next_in == pytest.approx(90, abs=5)


def test_a_run_starts_once_for_its_dedupe_key(store: Store) -> None:
    for key in ("tick", "tick", "tock"):
        store.runs.create_each([NewRun(event=kit.event(), function="f", dedupe_key=key)])
    assert sorted(map(str, Run.objects.values_list("dedupe_key", flat=True))) == ["tick", "tock"]
