"""`durable_verify`: its report, its repairs, its exit code."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

import durable
from durable import clock
from durable.models import Event, Operation, Run, Schedule, Step, Wait
from tests.harness import Player


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.operations.verify.look.time.sleep", lambda seconds: None)


def say(*args: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("durable_verify", *args, stdout=out, no_color=True)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_a_healthy_site_is_said_to_be(waiting: Run) -> None:
    text, code = say()
    assert code == 0
    assert text.startswith("Looked at 2 runs, ")
    assert text.endswith("All is well.\n")


def test_a_breach_is_said_with_its_run_and_how_it_may_be_cured(waiting: Run) -> None:
    Run.objects.filter(pk=waiting.pk).update(pending=5)
    text, code = say()
    assert code == 1
    assert (
        f"I15 run {waiting.pk}: not true that a run counts as pending the planned steps that are open."
        in text
    )
    assert text.endswith("1 breaches; --repair may cure 1.\n")


def test_nothing_is_changed_unless_repair_is_asked_for(waiting: Run) -> None:
    Run.objects.filter(pk=waiting.pk).update(pending=5)
    say()
    assert Run.objects.get(pk=waiting.pk).pending == 5
    assert not Operation.objects.exists()


def test_breaches_are_told_as_json(waiting: Run) -> None:
    Run.objects.filter(pk=waiting.pk).update(pending=5)
    text, code = say("--format", "json")
    told: dict[str, Any] = json.loads(text)
    assert (code, told["clean"], told["rows"]["run"]) == (1, False, 2)
    assert told["breaches"] == [
        {
            "invariant": "I15",
            "says": "a run counts as pending the planned steps that are open",
            "kind": "run",
            "id": str(waiting.pk),
            "run": str(waiting.pk),
            "repaired": "",
        }
    ]


def test_a_count_is_repaired_and_written_down(
    waiting: Run, caplog: pytest.LogCaptureFixture
) -> None:
    Run.objects.filter(pk=waiting.pk).update(pending=5)
    text, code = say("--repair")
    assert (code, "Repaired: recount." in text) == (0, True)
    assert Run.objects.get(pk=waiting.pk).pending == 2
    (written,) = Operation.objects.all()
    assert (written.action, written.via, written.target) == ("recount", "command", str(waiting.pk))
    assert written.change == ({"pending": 5}, {"pending": 2})
    assert str(waiting.pk) in caplog.text


def test_a_forgotten_run_is_woken(player: Player, waiting: Run) -> None:
    Step.objects.filter(run=waiting, status="pending").update(
        status="done", output="null", due_at=None, ended=clock.now()
    )
    assert say("--repair")[1] == 0
    assert player.settle(waiting).status == "completed"


def test_a_missed_event_is_handed_out_to_who_waited_then(player: Player, waiting: Run) -> None:
    clock.travel(timedelta(minutes=5))
    durable.send(durable.Event(name="verify/answer", data={"n": 1}))
    Event.objects.update(route_at=None)
    newcomer = player.send()
    player.work()
    assert "Repaired: hand out event." in say("--repair")[0]
    player.work()
    assert Step.objects.get(run=waiting, op="wait").result["data"] == {"n": 1}
    assert Step.objects.get(run=newcomer, op="wait").status == "pending"


def test_left_over_waits_are_forgotten(waiting: Run) -> None:
    Step.objects.filter(run=waiting, op="wait").update(
        status="done", output="null", due_at=None, ended=clock.now()
    )
    Run.objects.filter(pk=waiting.pk).update(pending=1)
    assert say("--repair")[1] == 0
    assert not Wait.objects.exists()


def test_a_wait_that_was_over_too_soon_hears_again_of_what_comes(
    player: Player, waiting: Run
) -> None:
    Wait.objects.update(expires=clock.now() - timedelta(minutes=1))
    assert "Repaired: hear on." in say("--repair")[0]
    assert Wait.objects.get().expires == Step.objects.get(run=waiting, op="wait").due_at
    durable.send(durable.Event(name="verify/answer"))
    player.work()
    assert Step.objects.get(run=waiting, op="wait").status == "done"


def test_a_schedule_that_nobody_can_read_is_forgotten(db: None) -> None:
    now = clock.now()
    Schedule.objects.create(function="shop", cron="nonsense", due_at=now, created=now)
    text, code = say("--repair")
    assert (code, "Repaired: forget schedule." in text) == (0, True)
    assert not Schedule.objects.exists()
    (written,) = Operation.objects.all()
    assert (written.kind, written.target) == ("function", "shop")


def test_what_cannot_be_read_and_who_is_gone_are_left_to_people(waiting: Run) -> None:
    Event.objects.filter(runs=waiting).update(data="{cut of")
    Step.objects.filter(op="sleep").delete()
    Run.objects.filter(parent=waiting).delete()
    text, code = say("--repair")
    assert (code, "Repaired" in text) == (1, False)
    assert text.endswith("2 breaches.\n")


def test_a_sleep_without_an_end_is_not_ended_by_a_repair(waiting: Run) -> None:
    Step.objects.filter(op="sleep").update(due_at=None)
    text, code = say("--repair")
    assert (code, "Repaired" in text) == (1, False)
