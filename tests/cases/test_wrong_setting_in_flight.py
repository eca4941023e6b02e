"""A deploy with a wrong setting: runs wait and say why; they do not fail for it."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.test import override_settings

import durable
from durable import ParallelMode
from durable.errors import SettingInvalidError
from tests.harness import Handler, Player, journal, stumble

LEADS_NOWHERE: list[dict[str, Any]] = [
    {"BACKOFF": "tests.no_such_module.backoff"},
    {"BACKOFF": "tests.harness.EVENT"},
]
CANNOT_BE_READ: list[dict[str, Any]] = [{"RETIRES": 3}, {"RETRIES": "3"}]


def one_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("shaky", stumble, "shaky")


def race(ctx: durable.ContextSync) -> str:
    return ctx.group.parallel((lambda: ctx.step.run("shaky", stumble, "shaky"),))[0]


@pytest.mark.parametrize("wrong", LEADS_NOWHERE)
@pytest.mark.parametrize("handler", [one_step, race])
def test_the_run_goes_on_when_it_is_put_right(
    player: Player, handler: Handler, wrong: dict[str, Any], clock: ModuleType
) -> None:
    player.define(handler, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    with override_settings(DURABLE=wrong):
        for _ in range(6):
            player.work()
            clock.travel(timedelta(minutes=5))
    run.refresh_from_db()
    assert not run.is_final
    assert "DURABLE" in run.reason
    assert player.settle(run).result == "shaky"
    assert len(journal) == 2


@pytest.mark.parametrize("wrong", CANNOT_BE_READ)
@pytest.mark.parametrize("handler", [one_step, race])
def test_nothing_is_touched_while_the_settings_cannot_be_read(
    player: Player, handler: Handler, wrong: dict[str, Any], clock: ModuleType
) -> None:
    player.define(handler, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    clock.travel(timedelta(minutes=5))
    with override_settings(DURABLE=wrong), pytest.raises(SettingInvalidError):
        player.work()
    assert player.settle(run).result == "shaky"
    assert len(journal) == 2
