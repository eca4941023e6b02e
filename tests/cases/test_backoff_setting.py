"""DURABLE["BACKOFF"]: a table of seconds, or the dotted path of a function that decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

import durable
from tests.harness import Player, journal, stumble

NUMBER = 5


def shaky(ctx: durable.ContextSync) -> str:
    return ctx.step.run("shaky", stumble, "shaky", 2)


def hundreds(attempt: int) -> float:
    return (attempt + 1) * 100


def broken(attempt: int) -> float:
    raise KeyError(attempt)


def nothing(attempt: int) -> Any:
    return None


def waits(player: Player) -> list[float]:
    """Return how long the run rests before each of its two retries."""
    player.define(shaky)
    run = player.send()
    found = []
    for _ in range(2):
        player.work()
        wait = player.store.due(1).next_in
        assert wait is not None
        found.append(round(wait, -1))
        player.jump()
    assert player.settle(run).result == "shaky"
    return found


@override_settings(DURABLE={"BACKOFF": [100, 200], "JITTER": 0})
def test_it_may_be_a_table(player: Player) -> None:
    assert waits(player) == [100, 200]


@override_settings(DURABLE={"BACKOFF": [100], "JITTER": 0})
def test_the_last_entry_of_a_table_repeats(player: Player) -> None:
    assert waits(player) == [100, 100]


@override_settings(DURABLE={"BACKOFF": f"{__name__}.hundreds"})
def test_it_may_be_a_function_and_then_there_is_no_jitter(player: Player) -> None:
    assert waits(player) == [100, 200]


@pytest.mark.parametrize("name", ["broken", "nothing"])
def test_a_function_that_fails_is_told_apart_from_the_step(player: Player, name: str) -> None:
    """The step's failed try is recorded all the same: its body does not run again and again."""
    with override_settings(DURABLE={"BACKOFF": f"{__name__}.{name}"}):
        run = player.play(shaky)
    assert run.is_final
    assert journal.count("shaky") <= 4


@pytest.mark.parametrize("path", ["tests.no_such_module.backoff", f"{__name__}.NUMBER"])
def test_with_a_path_that_leads_nowhere_no_step_begins(player: Player, path: str) -> None:
    """The run waits for the setting to be put right; see test_wrong_setting_in_flight.py."""
    player.define(shaky)
    run = player.send()
    with override_settings(DURABLE={"BACKOFF": path}):
        for _ in range(4):
            player.work()
            player.jump()
    run.refresh_from_db()
    assert path in run.reason
    assert journal == []
