"""S: a sample of the faults, drawn anew when `DURABLE_TEST_SEED` changes; and bugs that were found so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.campaigns import crash
from tests.campaigns.campaigns import defined
from tests.campaigns.crash import Trial
from tests.campaigns.points import Fault
from tests.campaigns.scenarios import SCENARIOS
from tests.campaigns.scenarios.scenario import Scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

SEED = int(os.environ.get("DURABLE_TEST_SEED", "0"))
EVERY = {"sqlite": 71, "postgresql": 131, "mysql": 211}


@pytest.fixture(params=list(SCENARIOS))
def scenario(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    scenario = SCENARIOS[request.param]
    with defined(scenario):
        yield scenario


def test_a_fault_loses_and_doubles_nothing(scenario: Scenario) -> None:
    every = EVERY[connection.vendor]
    first = (SEED + 13 * list(SCENARIOS).index(scenario.name)) % every
    for trial in crash.singles(scenario, list(Fault), every, first):
        crash.play(trial)


# A fault, and words of the statements that it struck when a bug was found so.
FOUND = {
    # The second try of the look at the waits was made with an iterator that the first had used up, so the
    # wait ended as if its time had come.
    "wait, event first": (Fault.DEADLOCK, 'FROM "durable_wait" WHERE'),
    # A retry and a replay whose commit was not confirmed were said again: the one was refused as done, the
    # other made a second copy.
    "retry": (Fault.LOST_AFTER, "COMMIT"),
    "replay": (Fault.LOST_AFTER, "COMMIT"),
    # So it was with what people do, each in one transaction with its line in the audit log.
    "by hand": (Fault.LOST_AFTER, "COMMIT"),
    # What was to be told after the commit raised out of the send that had been committed.
    "wait": (Fault.NO_MEMORY, "durable_waitpath"),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once_is_not_so_again(name: str) -> None:
    fault, words = FOUND[name]
    scenario = SCENARIOS[name]
    with defined(scenario):
        trace = crash.count(scenario)
        places = [at for at, label in enumerate(trace, 1) if words in label]
        assert places
        for at in places:
            crash.play(Trial(scenario=scenario, faults=((fault, at),)))


@pytest.mark.sqlite
def test_a_second_crash_while_the_first_is_recovered_from() -> None:
    scenario = SCENARIOS["sleep"]
    with defined(scenario):
        for at in range(5 + SEED % 7, 60, 23):
            crash.play(
                Trial(
                    scenario=scenario,
                    faults=((Fault.KILL_AFTER, at), (Fault.KILL_BEFORE, at % 11 + 2)),
                )
            )


@pytest.mark.parametrize("name", ["sleep", "atomic", "async"])
def test_a_process_that_is_really_killed(name: str) -> None:
    scenario = SCENARIOS[name]
    with defined(scenario):
        middle = (
            len(crash.count(scenario)) // 2
        )  # families of databases need fewer or more statements
        for at in (7 + SEED % 5, middle):
            trial = Trial(scenario=scenario, faults=((Fault.KILL_BEFORE, at),), is_forked=True)
            assert crash.play(trial).has_struck
