"""`durable_function`."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from durable.authoring.registry import Registry
from durable.management.actor import commander
from durable.models import FunctionConfig, Operation
from tests.harness import Player

pytestmark = pytest.mark.django_db


def said(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("durable_function", "case", *args, stdout=out, no_color=True, **options)
    return out.getvalue()


def state(*args: str) -> Any:
    return json.loads(said(*args, "--format", "json"))


@pytest.fixture(autouse=True)
def player(fresh_registry: Registry) -> Player:
    player = Player()
    player.define(lambda ctx: 1)
    return player


def test_a_function_of_which_nothing_is_said_is_as_in_the_code() -> None:
    lines = said().splitlines()
    assert lines[0] == "case"
    assert lines[1].split() == ["paused", "no"]
    assert all(line.endswith("as in the code") for line in lines[2:])
    assert not FunctionConfig.objects.exists()


def test_options_are_set_and_reset_one_by_one() -> None:
    found = state("--set", "retries=5", "--set", "backoff=[5, 7]", "--set", "parallel_mode=race")
    assert (found["retries"], found["backoff"], found["parallel_mode"]) == (5, [5, 7], "race")
    assert found["changed"] == ["retries", "backoff", "parallel_mode"]
    found = state("--reset", "retries", "--set", "fan_out=true")
    assert (found["retries"], found["backoff"], found["fan_out"]) == (None, [5, 7], True)
    assert "backoff        as in the code  (was: [5, 7])" in said("--reset", "all")
    assert state()["fan_out"] is None


def test_a_function_is_paused_and_resumed(player: Player) -> None:
    assert state("--pause")["paused"]
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.status == "queued"
    assert state("--pause")["changed"] == []
    assert state("--resume")["paused"] is None
    assert player.settle(run).result == 1


def test_each_change_is_written_down_with_who_gave_the_command() -> None:
    state("--set", "retries=5", "--pause")
    state("--reset", "all")
    state("--resume")
    state("--resume")
    rows = list(Operation.objects.order_by("pk"))
    assert [row.action for row in rows] == ["configure", "pause", "reset", "resume"]
    assert {(row.who, row.via, row.target) for row in rows} == {
        (commander().who, "command", "case")
    }


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--pause", "--set", "retries=many"], "retries must be a whole number"),
        (["--pause", "--set", "colour=1"], "colour cannot be configured"),
        (["--set", "retries"], "is not NAME=VALUE"),
        (["--reset", "colour"], "invalid choice"),
        (["--pause", "--resume"], "not allowed with"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_changes_nothing(args: list[str], word: str) -> None:
    with pytest.raises(CommandError, match=word):
        said(*args)
    assert not FunctionConfig.objects.exists()


def test_a_function_that_is_not_known_is_refused() -> None:
    with pytest.raises(CommandError, match="No function 'cases' is registered"):
        call_command("durable_function", "cases", "--pause")


def test_quietly_nothing_is_printed() -> None:
    assert said("--pause", verbosity=0) == ""
