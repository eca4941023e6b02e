"""The payment saga: all is booked, or all is undone, or a person knows what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import durable
from durable.testing import Workflows
from durable.testing.kill import Point
from tests.acceptance.clusters import eventually
from tests.scenarios.s10_payment_saga import book_trip, undo_cancelled_trip
from tests.scenarios.stage import (
    has_lines,
    has_status,
    lines,
    new_cluster,
    on_a_cluster,
    result_of,
    send,
    the_run,
)

UNDONE = ["charge", "hotel", "undo-hotel", "undo-charge"]


@pytest.fixture
def trip(tmp_path: Path) -> dict[str, str]:
    return {"folder": str(tmp_path)}


def happened(folder: Path) -> list[str]:
    """Return what bank, hotel and airline did, in order."""
    return lines(folder / "log")


def refuse(folder: Path, what: str) -> None:
    (folder / f"{what}-is-refused").touch()


def test_a_trip_is_charged_and_booked(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    assert workflows.run(book_trip, trip).result == {"status": "booked"}
    assert happened(tmp_path) == ["charge", "hotel", "flight"]


def test_what_was_done_is_undone_in_reverse_order(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "flight")
    run = workflows.run(book_trip, trip)
    assert run.result == {"status": "undone", "why": "flight: refused"}
    assert happened(tmp_path) == UNDONE


def test_what_was_never_done_is_not_undone(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "charge")
    run = workflows.run(book_trip, trip)
    assert run.result["status"] == "undone"
    assert happened(tmp_path) == []
    assert run.steps[-1].result == "charge was never done"


def test_a_charge_whose_answer_was_lost_is_asked_for_and_not_repeated(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "charge-does-not-answer").touch()
    run = workflows.run(book_trip, trip, through="5m")
    assert run.result == {"status": "booked"}
    workflows.assert_step_ran(run, "charge", times=2)
    assert happened(tmp_path).count("charge") == 1


@pytest.mark.parametrize("step", ["charge", "hotel", "undo-hotel", "undo-charge"])
@pytest.mark.parametrize("point", ["before_body", "before_record", "after_record"])
def test_a_worker_may_die_at_any_step_and_each_is_done_and_undone_once(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path, step: str, point: Point
) -> None:
    refuse(tmp_path, "flight")
    kill = workflows.kill_after(step, point=point)
    run = workflows.run(book_trip, trip, through="2m")
    assert kill.has_happened
    assert run.result["status"] == "undone"
    assert happened(tmp_path) == UNDONE


def test_a_compensation_that_fails_at_first_is_tried_again(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "flight")
    (tmp_path / "undo-hotel-does-not-answer").touch()
    run = workflows.run(book_trip, trip, through="5m")
    assert run.result["status"] == "undone"
    workflows.assert_step_ran(run, "undo-hotel", times=2)
    assert happened(tmp_path) == UNDONE


def test_a_compensation_that_fails_for_good_calls_one_person_once_and_the_rest_is_undone(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "flight")
    refuse(tmp_path, "undo-hotel")
    run = workflows.run(book_trip, trip, through="20d")
    workflows.assert_waiting(run, "mended")
    assert happened(tmp_path) == ["charge", "hotel", "undo-charge"]
    assert lines(tmp_path / "alerts") == [f"{run.id}: undo-hotel"]

    send("trip/mended", {"run": run.id, "by": "ann"})
    workflows.settle()
    assert workflows.get(run).result["status"] == "mended by hand"


def test_what_nobody_mends_is_told_in_the_result_and_does_not_loop(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "hotel")
    refuse(tmp_path, "undo-charge")
    run = workflows.run(book_trip, trip, through="31d")
    assert run.result["stuck"] == ["undo-charge"]
    assert len(lines(tmp_path / "alerts")) == 1


def test_mending_another_trip_does_not_end_this_one(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "hotel")
    refuse(tmp_path, "undo-charge")
    run = workflows.run(book_trip, trip)
    send("trip/mended", {"run": "another", "by": "ann"})
    workflows.settle()
    workflows.assert_waiting(run, "mended")


def test_a_trip_that_is_cancelled_on_its_way_is_undone(
    workflows: Workflows, trip: dict[str, str], tmp_path: Path
) -> None:
    workflows.stub_step("flight", raises=ConnectionError("the airline is away"))
    run = workflows.run(book_trip, trip)
    workflows.assert_waiting(run, "flight")
    assert durable.cancel(run.id)
    workflows.settle(through="5m")
    workflows.assert_run_started(undo_cancelled_trip, {"run_id": run.id}, times=1)
    assert happened(tmp_path) == UNDONE


@on_a_cluster
def test_killed_workers_leave_each_thing_done_and_undone_once(
    trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "flight")
    (tmp_path / "slow").touch()
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        send("trip/ordered", trip)
        for count in (1, 3):  # while charging, and while undoing
            eventually(has_lines(tmp_path / "log", count), cluster.explain)
            cluster.kill(cluster.find("worker"))
        assert result_of("book-trip", cluster)["status"] == "undone"
    assert happened(tmp_path) == UNDONE


@on_a_cluster
def test_a_cluster_killed_whole_while_a_person_is_waited_for_calls_nobody_again(
    trip: dict[str, str], tmp_path: Path
) -> None:
    refuse(tmp_path, "flight")
    refuse(tmp_path, "undo-hotel")
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        send("trip/ordered", trip)
        eventually(has_status("book-trip", "waiting"), cluster.explain)
    send("trip/mended", {"run": str(the_run("book-trip").pk), "by": "ann"})
    with new_cluster() as cluster:
        assert result_of("book-trip", cluster)["by"] == "ann"
    assert happened(tmp_path) == ["charge", "hotel", "undo-charge"]
    assert len(lines(tmp_path / "alerts")) == 1
