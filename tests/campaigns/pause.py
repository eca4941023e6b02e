"""P: a worker stands still at a place for longer than its lease; another takes over; then it wakes.

Nothing that was recorded meanwhile may change, and nothing may be recorded twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F

import durable
from durable import clock
from durable.authoring.registry import registry
from durable.models import Operation, Run, Step
from tests.campaigns.points import Injector
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.stage import LEASE, Stage, staged
from tests.campaigns.truth import UntrueError, hold_always, hold_in_the_end
from tests.invariants.actors import PATIENCE, Actor, Gate

ROUNDS = 40  # of work and jumps, after which what is left is held by the one who stands still
BLOCKED = (
    0.3  # seconds after which the one who takes over waits for what a paused transaction holds
)

# What a zombie may meet when it wakes: its session is gone, or it never was the owner.
Meanwhile = Callable[[Stage], None]


class Sleepwalker(Injector):
    """A process that stops at one place until it is woken.

    Args:
        at: the number of the place, from 1.
    """

    def __init__(self, at: int) -> None:
        super().__init__()
        self.gate = Gate(at)
        self.is_in_transaction = False

    def hit(self, label: str, do: Callable[[], Any]) -> Any:
        """Stop, if this is the place; then do it."""
        if len(self.gate.trace) + 1 == self.gate.stop_at:
            # Django says that it is over before it commits.
            self.is_in_transaction = connection.in_atomic_block or label == "COMMIT"
        return self.gate.hit(label, do)

    def point(self, label: str) -> None:
        """Stop, if this is the place."""
        self.gate.hit(label, lambda: None)


def take_over(stage: Stage) -> None:
    """Be another worker, who finishes what is left."""
    for _ in range(ROUNDS):
        stage.work()
        wait = stage.store.due(1).next_in
        if wait is None or registry.crons:  # what comes by schedule has no end
            return
        clock.travel(timedelta(seconds=max(wait, 0.0), milliseconds=2))


def cancel(stage: Stage) -> None:
    """Be somebody who cancels the run that is there, and then another worker."""
    for run in Run.objects.filter(ended=None):
        durable.cancel(run.pk)
    take_over(stage)


def play(scenario: Scenario, at: int, meanwhile: Meanwhile = take_over) -> bool:
    """Play one pause to its end; False if the scenario has fewer places.

    Raises:
        UntrueError: something changed that was recorded, or was lost or doubled.
    """
    with staged() as stage:
        sleeper = Sleepwalker(at)
        stage.injector = sleeper
        zombie = Actor(lambda: scenario.live(stage), sleeper.hit)
        while not sleeper.gate.reached.wait(0.001):
            if not zombie.is_alive():
                zombie.end()
                return False
        where = f"{scenario.name}: paused at {at}: {sleeper.gate.trace[at - 1][:200]}"
        try:
            was_alone = _while_it_stands(stage, sleeper, zombie, meanwhile)
            _in_the_end(scenario, stage, meanwhile, deaths=1 if was_alone else 2)
        except AssertionError as error:
            trace = "\n".join(sleeper.gate.trace)
            raise UntrueError(f"{where}\n{error}\n{stage.tell()}\n{trace}") from error
        finally:
            sleeper.gate.opened.set()
            zombie.join(PATIENCE)
    return True


def _while_it_stands(
    stage: Stage, sleeper: Sleepwalker, zombie: Actor, meanwhile: Meanwhile
) -> bool:
    """Let another take over, then wake the one who stands; return whether the other was done by then.

    If not, he waited for the database, and moves the clock on while the one who woke is at work.
    """
    clock.travel(timedelta(seconds=LEASE + 1))
    other = Actor(lambda: _as_another(stage, meanwhile))
    other.join(BLOCKED if sleeper.is_in_transaction else PATIENCE)
    is_done = not other.is_alive()
    if is_done:
        other.end()
        hold_always(stage)
    before = recorded() if is_done else []
    told = Operation.objects.count()
    stage.is_retired = True  # it ends what it is at; two who move one clock would rob each other
    sleeper.gate.opened.set()
    zombie.join(PATIENCE)
    if zombie.is_alive():
        raise AssertionError("the zombie hangs")
    other.end()
    # What somebody asked for, and began while nobody could take it from them, is theirs to change.
    asked = set(Operation.objects.order_by("pk").values_list("target", flat=True)[told:])
    after = recorded()
    changed = [row for row in before if row not in after and str(row["run"]) not in asked]
    assert not changed, f"recorded before the zombie woke, and changed by it: {changed}"
    return is_done


def _as_another(stage: Stage, meanwhile: Meanwhile) -> None:
    """Work on, in another process: what it does is no place of the one that stands."""
    other = Stage(store=stage.store)
    other.journal, other.ledger, other.notes = stage.journal, stage.ledger, stage.notes
    other.boots = stage.boots + 1
    other.boot()
    meanwhile(other)


def _in_the_end(scenario: Scenario, stage: Stage, meanwhile: Meanwhile, deaths: int) -> None:
    stage.injector, stage.is_retired = Injector(), False
    is_same = meanwhile is take_over and not scenario.is_timely
    if is_same:
        stage.boot()
        scenario.live(stage)
    hold_always(stage)
    if is_same:
        hold_in_the_end(scenario, stage, deaths)


def recorded() -> list[dict[str, Any]]:
    """Return what must not change any more: the ends of runs, and the results of steps."""
    what = ("id", "status", "output", "error", "ended")
    runs = Run.objects.exclude(ended=None).values(*what, run=F("pk"))
    steps = Step.objects.exclude(ended=None).values(*what, "run")
    return [dict(row) for row in [*runs.order_by("id"), *steps.order_by("id")]]
