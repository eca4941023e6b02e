"""P: a sample of the pauses; those at which a bug was found."""

from __future__ import annotations

import os

import pytest
from django.db import connection

from tests.campaigns import pause
from tests.campaigns.campaigns import defined
from tests.campaigns.scenarios import SCENARIOS
from tests.campaigns.stage import staged

pytestmark = pytest.mark.timeout(120)

SEED = int(os.environ.get("DURABLE_TEST_SEED", "0"))
EVERY = {"sqlite": 23, "postgresql": 29, "mysql": 41}


@pytest.mark.parametrize("name", ["sequence", "parallel wait", "sleep"])
def test_a_worker_that_stood_still_changes_nothing(name: str) -> None:
    scenario = SCENARIOS[name]
    with defined(scenario):
        at = 1 + SEED % EVERY[connection.vendor]
        while pause.play(scenario, at):
            at += EVERY[connection.vendor]
        assert at > 20


def test_a_worker_that_stood_still_stops_at_its_next_step() -> None:
    """It ran all bodies again that another had recorded meanwhile."""
    scenario = SCENARIOS["sequence"]
    with defined(scenario):
        assert pause.play(scenario, 13)


def test_a_worker_that_stood_still_while_its_run_was_cancelled_records_nothing() -> None:
    scenario = SCENARIOS["sleep"]
    with defined(scenario):
        for at in (15, 25):
            assert pause.play(scenario, at, pause.cancel)


def test_a_failed_try_of_a_branch_is_not_left_open_when_its_run_is_cancelled_meanwhile() -> None:
    scenario = SCENARIOS["fan-out"]
    with defined(scenario):
        with staged() as stage:
            stage.injector = sleeper = pause.Sleepwalker(at=10_000)
            scenario.live(stage)
        failed = sleeper.gate.trace.index("BODY shaky b ENDS") + 1
        for at in range(failed + 1, failed + 7):
            assert pause.play(scenario, at, pause.cancel)
