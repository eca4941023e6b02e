"""The harness sees all that is said to the database, and can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from durable.ids import new_id
from durable.models import Run
from tests.campaigns import crash
from tests.campaigns.campaigns import defined
from tests.campaigns.crash import Trial
from tests.campaigns.points import Injector
from tests.campaigns.scenarios import SCENARIOS
from tests.campaigns.stage import Stage, staged
from tests.campaigns.truth import UntrueError, hold_in_the_end

pytestmark = pytest.mark.django_db(transaction=True)

SAID_BY_DJANGO = ("BEGIN", "COMMIT", "PRAGMA", "ROLLBACK")


@pytest.mark.sqlite
def test_every_statement_that_the_database_hears_is_a_place() -> None:
    scenario = SCENARIOS["parallel race"]
    heard: list[str] = []
    with defined(scenario), staged() as stage:
        connection.ensure_connection()
        injector = Injector()
        connection.connection.set_trace_callback(heard.append)
        try:
            crash.live(scenario, stage, injector)
        finally:
            connection.connection.set_trace_callback(None)
    # Rows that are inserted in one call, and so in one transaction, are one place.
    said = [one for one in heard if not one.startswith(SAID_BY_DJANGO)]
    assert len(said) > 50
    assert {_kind(one) for one in said} <= {_kind(one) for one in injector.trace}
    assert heard.count("COMMIT") == injector.trace.count("COMMIT")


def _kind(statement: str) -> tuple[str, str]:
    return statement.split()[0], statement.partition('"')[2].partition('"')[0]


@pytest.mark.postgres
def test_prepared_statements_are_places_too(monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    heard: list[str] = []
    execute = psycopg.Cursor.execute

    def hear(self: Any, query: Any, *args: Any, **named: Any) -> Any:
        heard.append(str(query))
        return execute(self, query, *args, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", hear)
    scenario = SCENARIOS["parallel race"]
    with defined(scenario), staged() as stage:
        injector = Injector()
        heard.clear()
        crash.live(scenario, stage, injector)
    said = [one for one in injector.trace if not one.startswith(("BODY", "WAKE", "COMMIT"))]
    assert len(said) == len(heard) > 50


def test_a_lost_run_is_told_of_with_the_place_and_the_rows() -> None:
    """If runs could end without a trace, somebody would notice."""
    scenario = SCENARIOS["sequence"]

    def lose(stage: Stage) -> None:
        stage.send("go", "go")
        Run.objects.update(due_at=None)

    forgetful = replace(scenario, live=lose)
    with defined(scenario), pytest.raises(UntrueError, match="I3 run") as caught:
        crash.play(Trial(scenario=forgetful))
    assert '"model": "durable.run"' in caught.value.rows


def test_a_body_that_runs_twice_without_a_crash_is_told_of() -> None:
    scenario = SCENARIOS["sequence"]
    with defined(scenario), staged() as stage:
        crash.live(scenario, stage, Injector())
        stage.act("first")
        with pytest.raises(UntrueError, match=r"bodies ran again: Counter.*first"):
            hold_in_the_end(scenario, stage, deaths=0)


def test_an_event_that_was_accepted_and_is_gone_is_told_of() -> None:
    scenario = SCENARIOS["sequence"]
    with defined(scenario), staged() as stage:
        crash.live(scenario, stage, Injector())
        stage.ledger["another"] = str(new_id())
        with pytest.raises(UntrueError, match="event another"):
            hold_in_the_end(scenario, stage, deaths=0)
