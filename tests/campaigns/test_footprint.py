"""Which statements matter to each other."""

from __future__ import annotations

import pytest

from tests.campaigns.footprint import Footprint, Tracks

pytestmark = [pytest.mark.postgres, pytest.mark.mariadb]

READ = 'SELECT "id" FROM "durable_run"'
LOCK = 'SELECT "id" FROM "durable_run" FOR UPDATE SKIP LOCKED'
WRITE = 'UPDATE "durable_run" SET "wake" = 1 WHERE "id" = 1'
INSERT = 'INSERT INTO "durable_step" ("run_id") VALUES (1)'


def of(label: str, *before: str, inside: bool = True) -> Footprint:
    """Return the footprint of a statement, in a transaction with what was said before."""
    tracks = Tracks()
    for said in before:
        tracks.go(said, tracks.next(said, is_in_transaction=True), is_in_transaction=True)
    return tracks.next(label, is_in_transaction=inside)


def test_two_who_read_may_come_in_any_order() -> None:
    assert not of(READ).meets(of(READ))


def test_who_reads_does_not_see_what_is_not_committed() -> None:
    assert not of(READ).meets(of(WRITE))


def test_who_reads_sees_what_was_written_alone() -> None:
    assert of(READ).meets(of(WRITE, inside=False))


def test_who_reads_sees_what_a_commit_shows() -> None:
    assert of(READ).meets(of("COMMIT", WRITE))


def test_who_locks_meets_who_writes() -> None:
    assert of(LOCK).meets(of(WRITE))


def test_who_locks_meets_the_commit_that_frees() -> None:
    assert of(LOCK).meets(of("COMMIT", LOCK))


def test_a_new_row_holds_the_one_that_it_names() -> None:
    assert of(INSERT).meets(of(WRITE))


def test_a_commit_shows_nothing_of_the_transaction_before() -> None:
    assert not of(READ).meets(of("COMMIT", WRITE, "COMMIT"))
