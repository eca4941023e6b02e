"""`durable_cancel`, `durable_retry` and `durable_replay`."""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

import durable
from durable.authoring.registry import Registry
from durable.management.actor import commander
from durable.models import Operation, Run
from tests.harness import EVENT, Player

pytestmark = pytest.mark.django_db


def say(command: str, *args: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out, no_color=True, **options)
    return out.getvalue()


def fails(ctx: durable.ContextSync) -> None:
    ctx.step.run("first", str)
    ctx.step.run("second", [].pop)


@pytest.fixture
def player(fresh_registry: Registry, clock: object) -> Player:
    player = Player()
    player.define(fails, retries=0)
    return player


@pytest.fixture
def failed(player: Player) -> Run:
    return player.settle(player.send({"order": 1}))


def test_runs_are_cancelled(player: Player) -> None:
    one, other = player.send(), player.send()
    assert say("durable_cancel", str(one.pk), str(other.pk)).splitlines() == [
        f"run {one.pk} of case cancelled",
        f"run {other.pk} of case cancelled",
    ]
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_run_that_has_ended_is_said_to_have(failed: Run) -> None:
    assert say("durable_cancel", str(failed.pk)) == f"run {failed.pk} of case had ended: failed\n"


def test_nothing_is_cancelled_when_one_is_not_found(player: Player) -> None:
    run = player.send()
    with pytest.raises(CommandError, match="No run has the id 'abc0'"):
        say("durable_cancel", str(run.pk), "abc0")
    run.refresh_from_db()
    assert run.status == "queued"


def test_runs_are_retried(failed: Run) -> None:
    assert say("durable_retry", str(failed.pk)) == f"run {failed.pk} of case goes on\n"
    failed.refresh_from_db()
    assert failed.status == "queued"


def test_all_are_retried_or_none(player: Player, failed: Run) -> None:
    queued = player.send()
    with pytest.raises(CommandError, match=f"Run {queued.pk} of 'case' is queued: only runs"):
        say("durable_retry", str(failed.pk), str(queued.pk))
    failed.refresh_from_db()
    assert failed.status == "failed"


def test_a_run_is_replayed(failed: Run) -> None:
    text = say("durable_replay", str(failed.pk), "--from-step", "second")
    new = Run.objects.get(replay_of=failed.pk)
    assert text == f"run {new.pk} of case repeats {failed.pk}\n"
    assert [step.name for step in new.steps.all()] == ["first"]


def test_quiet_prints_the_id_of_the_new_run_alone(failed: Run) -> None:
    text = say("durable_replay", str(failed.pk), verbosity=0)
    assert text == f"{Run.objects.get(replay_of=failed.pk).pk}\n"


@pytest.mark.parametrize("is_piped", [False, True])
def test_other_input(failed: Run, is_piped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO('{"order": 2}'))
    say("durable_replay", str(failed.pk), "--input", "-" if is_piped else '{"order": 2}')
    event = Run.objects.get(replay_of=failed.pk).event
    assert event is not None
    assert (event.name, event.value) == (EVENT, {"order": 2})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--from-step", "third"), "has no step 'third'. Its steps are: 'first', 'second'."),
        (("--input", "{"), "--input is not JSON"),
        (("--input", "[1]"), "data must be a dict, not list"),
    ],
)
def test_what_is_wrong_is_named(failed: Run, args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError) as raised:
        say("durable_replay", str(failed.pk), *args)
    assert words in str(raised.value)
    assert Run.objects.count() == 1


@pytest.mark.parametrize("verb", ["retry", "replay"])
def test_what_a_command_does_is_written_down_with_who_gave_it(failed: Run, verb: str) -> None:
    say(f"durable_{verb}", str(failed.pk))
    row = Operation.objects.get()
    assert (row.who, row.via) == (commander().who, "command")
    assert (row.action, row.kind, row.target) == (verb, "run", str(failed.pk))


def test_a_run_is_written_down_as_cancelled_once(player: Player) -> None:
    run = player.send()
    for _ in range(2):
        say("durable_cancel", str(run.pk))
    assert Operation.objects.get().change == ({"status": "queued"}, {"status": "cancelled"})
    run.refresh_from_db()
    assert run.reason == "It was cancelled by durable_cancel."
