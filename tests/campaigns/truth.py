"""What must be so at the end of every trial, and what at every moment of it."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.models import Group
from django.db.models import Prefetch

from durable.models import Event, Run, Step
from durable.operations.verify import verify
from tests.campaigns.observer import observer
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.stage import Stage


class UntrueError(AssertionError):
    """Something was lost, doubled, early or stuck.

    Args:
        what: was so.
        rows: of durable's tables at that moment, as JSON.
    """

    def __init__(self, what: str, rows: str = "") -> None:
        super().__init__(what)
        self.rows = rows


def hold_always(stage: Stage) -> None:
    """What the tables show, whoever has just died.

    A wait may be left behind by a process that dies after it has ended the step: it finds nothing to do.
    """
    if not observer.is_suspect():
        return
    report = verify(stage.store, pause=0)
    breaches = [str(one) for one in report.breaches]
    if breaches:
        raise UntrueError("\n".join(breaches))


def hold_in_the_end(scenario: Scenario, stage: Stage, deaths: int) -> None:
    """Nothing is lost, nothing doubled, nothing stuck; to be held after what is so always.

    Args:
        scenario: what was played.
        stage: where.
        deaths: bodies' processes that were killed or erred on the way.
    """
    try:
        _ends(scenario)
        _accepted(stage)
        _remembered()
        _bodies(scenario, stage, deaths)
        _effects(scenario)
        scenario.check(stage)
    except UntrueError:
        raise
    except AssertionError as error:
        raise UntrueError(str(error)) from error


def _ends(scenario: Scenario) -> None:
    ended: dict[str, list[str]] = {}
    for run in Run.objects.order_by("pk"):
        ended.setdefault(run.title, []).append(run.status)
    wanted = {
        name: [ends] if isinstance(ends, str) else list(ends)
        for name, ends in scenario.ends.items()
        if name in ended or name not in scenario.maybe
    }
    assert ended == wanted, f"runs ended as {ended}, not as {wanted}"


def _accepted(stage: Stage) -> None:
    """I1: every event that was accepted is there, once."""
    for id, pk in stage.ledger.items():
        rows = Event.objects.filter(custom_id=id).values_list("pk", flat=True)
        assert [str(row) for row in rows] == [pk], f"event {id}: accepted as {pk}, there as {rows}"


def _remembered() -> None:
    """I5, I12: functions returned what was recorded of their steps, not what a lost execution made."""
    done = Prefetch("steps", Step.objects.filter(status="done"), to_attr="done")
    for run in Run.objects.filter(status="completed").prefetch_related(done):
        recorded = {step.name: step for step in run.done}
        result = run.result if isinstance(run.result, dict) else {}
        for name in result.keys() & recorded.keys():
            assert result[name] == recorded[name].result, f"{name} is another in the result"


def _bodies(scenario: Scenario, stage: Stage, deaths: int) -> None:
    """I8, I9: a body runs once more only where a process died while it was under way."""
    ran, wanted = stage.bodies(), Counter(dict(scenario.bodies))
    missed = {mark for mark in wanted - ran if mark not in scenario.maybe}
    assert not missed, f"bodies that did not run: {missed}"
    again = (ran - wanted).total()
    assert again <= deaths * scenario.together, f"bodies ran again: {ran - wanted}"


def _effects(scenario: Scenario) -> None:
    """I11: what an atomic step wrote is there once."""
    rows = Counter(name.rpartition(" ")[0] for name in Group.objects.values_list("name", flat=True))
    assert rows == Counter(scenario.effects), f"atomic effects: {rows}"
