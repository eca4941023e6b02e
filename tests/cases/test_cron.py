"""A function with a cron line: one run for each of its times, whatever happened in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

import durable
from durable import clock
from durable.authoring.registry import registry
from durable.models import Event, Run, Schedule
from tests.harness import Player, journal, note

BERLIN = "TZ=Europe/Berlin "


@pytest.fixture(autouse=True)
def in_utc() -> Iterator[None]:
    """The zone of the site, and so of lines that name none."""
    with override_settings(TIME_ZONE="UTC"):
        yield


def nightly(ctx: durable.ContextSync) -> dict[str, Any]:
    note("ran")
    return {"name": ctx.event.name, "id": ctx.event.id, "ts": ctx.event.ts, **ctx.event.data}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_now(text: str, player: Player) -> None:
    """Move the clocks to a time of 2027 or later, in UTC, and let a worker look."""
    clock.travel(utc(text) - clock.now())
    player.work()


def define(
    player: Player,
    line: str | Sequence[str],
    jitter: Any = None,
    fn_id: str = "nightly",
    now: str = "2027-01-01 12:00",
) -> None:
    """Register a function with these lines at some time, and let a worker look."""
    lines = [line] if isinstance(line, str) else line
    triggers = [durable.TriggerCron(cron=one, jitter=jitter) for one in lines]
    player.define(nightly, fn_id=fn_id, trigger=triggers)
    is_now(now, player)


def forget(fn_id: str) -> None:
    """Be a process of another version: without this function's lines."""
    registry.functions.pop(fn_id)
    for key in [key for key in registry.crons if key[0] == fn_id]:
        registry.crons.pop(key)


def times() -> list[str]:
    """Return the times that were started, in order."""
    ticks = Event.objects.filter(runs__isnull=False).order_by("ts").values_list("ts", flat=True)
    return [f"{tick:%m-%d %H:%M}" for tick in ticks]


def test_a_time_that_comes_starts_one_run(player: Player) -> None:
    define(player, BERLIN + "30 1 * * *")
    assert journal == []
    is_now("2027-01-02 00:29:55", player)
    assert journal == []
    is_now("2027-01-02 00:30:01", player)
    is_now("2027-01-02 00:30:31", player)
    assert journal == ["ran"]


def test_a_new_line_is_written_down_with_its_next_time(player: Player) -> None:
    player.define(nightly, trigger=durable.TriggerCron(cron="0 * * * *"))
    player.work()
    wait = Schedule.objects.get().due_at - clock.now()
    assert wait <= timedelta(hours=1)
    assert Schedule.objects.get().due_at.minute == 0


def test_the_run_sees_which_time_it_is_for(player: Player) -> None:
    define(player, BERLIN + "30 1 * * *")
    is_now("2027-01-02 00:30:01", player)
    assert Run.objects.get().result == {
        "name": "durable/scheduled.timer",
        "id": "2027-01-02T00:30:00.000Z",
        "ts": int(utc("2027-01-02 00:30").timestamp() * 1000),
        "cron": "TZ=Europe/Berlin 30 1 * * *",
        "scheduledAt": "2027-01-02T00:30:00.000Z",
        "fireAt": "2027-01-02T00:30:00.000Z",
    }


def test_it_comes_again(player: Player) -> None:
    define(player, "0 * * * *")
    for hour in ("13", "14", "15"):
        is_now(f"2027-01-01 {hour}:00:01", player)
    assert times() == ["01-01 13:00", "01-01 14:00", "01-01 15:00"]


def test_a_new_function_does_not_run_for_a_time_before_it_was_known(player: Player) -> None:
    define(player, "0 12 * * *", now="2027-01-01 12:00:05")
    assert journal == []
    assert Schedule.objects.get().due_at == utc("2027-01-02 12:00")


def test_a_worker_is_told_when_the_next_time_comes(player: Player) -> None:
    define(player, "0 13 * * *")
    next_in = player.store.due(1).next_in
    assert next_in is not None
    assert next_in == pytest.approx(3600, abs=10)


def test_a_line_without_a_zone_is_in_that_of_the_site(player: Player) -> None:
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        define(player, "30 1 * * *")
    assert Schedule.objects.get().due_at == utc("2027-01-01 16:30")


def test_a_line_follows_the_site_to_another_zone(player: Player) -> None:
    with override_settings(TIME_ZONE="America/New_York"):
        define(player, "30 1 * * *")
        assert Schedule.objects.get().due_at == utc("2027-01-02 06:30")
    with override_settings(TIME_ZONE="Europe/Berlin"):
        player.work()
        assert Schedule.objects.get().due_at == utc("2027-01-02 00:30")
    assert journal == []


def test_of_the_times_that_nobody_was_there_for_the_last_one_runs_late(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    define(player, "0 * * * *")
    with caplog.at_level(logging.WARNING, "durable.engine"):
        is_now("2027-01-01 16:20", player)
    assert times() == ["01-01 16:00"]
    assert journal == ["ran"]
    assert caplog.messages == [
        "nightly: no worker was there at 3 times of '0 * * * *', left out; "
        "the run of 2027-01-01T16:00:00+00:00 starts late"
    ]
    is_now("2027-01-01 17:00:01", player)
    assert times() == ["01-01 16:00", "01-01 17:00"]


def test_one_missed_time_is_only_late(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    define(player, "0 13 * * *")
    is_now("2027-01-02 09:00", player)
    assert times() == ["01-01 13:00"]
    assert caplog.messages == []


def test_a_line_of_every_minute_comes_back_after_a_year(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    define(player, "* * * * *")
    is_now("2028-01-01 12:00:30", player)
    assert times() == ["01-01 12:00"]
    assert "at more than 1000 times" in caplog.text


def test_jitter_delays_the_run_by_the_same_part_wherever_it_is_asked(player: Player) -> None:
    define(player, "0 13 * * *", jitter="5m")
    define(player, "0 13 * * *", jitter="5m", fn_id="other")
    is_now("2027-01-01 13:00:00.5", player)
    delays = {
        run.function: run.due_at - utc("2027-01-01 13:00")
        for run in Run.objects.all()
        if run.due_at
    }
    assert delays == {
        "nightly": timedelta(milliseconds=97_585),
        "other": timedelta(milliseconds=119_045),
    }
    is_now("2027-01-01 13:05:01", player)
    fire_at = Run.objects.get(function="nightly").result["fireAt"]
    assert utc(fire_at[:-1]) - utc("2027-01-01 13:00") == delays["nightly"]


def test_two_lines_that_name_one_time_start_one_run(player: Player) -> None:
    define(player, ["0 13 * * *", "0 * * * *"])
    is_now("2027-01-01 13:00:01", player)
    is_now("2027-01-01 14:00:01", player)
    assert times() == ["01-01 13:00", "01-01 14:00"]


def test_functions_with_one_line_have_a_run_each(player: Player) -> None:
    define(player, "0 13 * * *")
    define(player, "0 13 * * *", fn_id="other")
    is_now("2027-01-01 13:00:01", player)
    assert sorted(Run.objects.values_list("function", "status")) == [
        ("nightly", "completed"),
        ("other", "completed"),
    ]


def test_no_other_function_hears_of_it(player: Player) -> None:
    player.define(nightly, fn_id="all-ears", trigger=durable.TriggerEvent(event="*"))
    define(player, "0 13 * * *")
    is_now("2027-01-01 13:00:01", player)
    assert Run.objects.get().function == "nightly"


def test_a_function_may_have_an_event_and_a_line(player: Player) -> None:
    both = (durable.TriggerEvent(event="case/started"), durable.TriggerCron(cron="0 13 * * *"))
    player.define(nightly, trigger=both)
    assert player.settle(player.send()).result["name"] == "case/started"


def test_a_line_that_is_gone_from_the_code_starts_nothing_and_is_forgotten(player: Player) -> None:
    define(player, "0 13 * * *")
    forget("nightly")
    define(player, "0 18 * * *")
    assert Schedule.objects.count() == 2
    is_now("2027-01-01 13:00:30", player)
    assert Schedule.objects.count() == 2  # a node that knows the line may still take it
    is_now("2027-01-01 13:01:30", player)
    assert Schedule.objects.get().cron == "0 18 * * *"
    assert journal == []


def test_a_node_that_does_not_know_a_function_leaves_its_schedule_alone(player: Player) -> None:
    define(player, "0 13 * * *")
    forget("nightly")
    define(player, "0 18 * * *", fn_id="other")
    is_now("2027-01-01 17:00", player)
    assert sorted(Schedule.objects.values_list("function", flat=True)) == ["nightly", "other"]
    assert journal == []


def test_a_spring_night_has_one_run_of_a_time_it_skips(player: Player) -> None:
    define(player, BERLIN + "30 2 * * *", now="2027-03-27 12:00")
    for hour in range(20):
        is_now(f"2027-03-28 {hour:02}:00:01", player)
    assert times() == ["03-28 01:00"]


def test_an_autumn_night_has_one_run_of_a_time_it_repeats(player: Player) -> None:
    define(player, BERLIN + "30 2 * * *", now="2027-10-30 12:00")
    for hour in range(20):
        is_now(f"2027-10-31 {hour:02}:30:01", player)
    assert times() == ["10-31 00:30"]


def test_an_autumn_night_has_a_run_for_each_real_half_hour(player: Player) -> None:
    define(player, BERLIN + "*/30 * * * *", now="2027-10-30 23:45")
    for hour in range(3):
        is_now(f"2027-10-31 {hour:02}:00:01", player)
        is_now(f"2027-10-31 {hour:02}:30:01", player)
    assert times() == [f"10-31 {h:02}:{m:02}" for h in range(3) for m in (0, 30)]


def test_without_lines_nothing_is_asked(player: Player, django_assert_num_queries: Any) -> None:
    player.define(nightly)
    with django_assert_num_queries(0):
        assert player.worker.timetable.fire(player.store) == 0


def test_a_worker_asks_once_until_the_next_time_is_near(
    player: Player, django_assert_num_queries: Any
) -> None:
    define(player, "0 13 * * *")
    worker = player.worker
    with django_assert_num_queries(1):
        assert [worker.timetable.fire(player.store) for _ in range(3)] == [0, 0, 0]


def test_a_schedule_that_goes_wrong_does_not_keep_other_work_from_being_done(
    player: Player, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    define(player, "0 13 * * *")
    monkeypatch.setattr("durable.authoring.cron.CronSim", None)
    monkeypatch.setattr("durable.engine.cron._comes_at", lambda *args: 1 / 0)
    player.define(nightly, fn_id="case")
    assert player.settle(player.send()).status == "completed"
    assert "the schedules could not be looked at" in caplog.text
