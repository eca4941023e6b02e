"""S: a fault at every place of a scenario's life; then the same clients and another worker go on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from durable import clock
from tests.campaigns.observer import observer, session
from tests.campaigns.points import Fault, Injector, TimedOut
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.stage import LEASE, RETRY, Stage, dump, staged
from tests.campaigns.truth import UntrueError, hold_always, hold_in_the_end
from tests.invariants.actors import let_go
from tests.invariants.crash import Crash

MOST_LIVES = 8

# What ends a life. An error of the database or of the machine reaches the client, who asks again. PyMySQL has
# another class for what is said on a connection that was lost before.
ENDS = (Crash, TimedOut, OperationalError, InterfaceError, MemoryError)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One way in which a scenario may be struck.

    Args:
        scenario: what is played.
        faults: what goes wrong in the first life, in the second, and so on; with the place.
        is_forked: the lives that end are processes of their own, and end by SIGKILL.
    """

    scenario: Scenario
    faults: tuple[tuple[Fault, int], ...] = ()
    is_forked: bool = False

    def __str__(self) -> str:
        said = ", then ".join(f"{fault.value} at {at}" for fault, at in self.faults)
        forked = " (forked)" if self.is_forked else ""
        return f"{self.scenario.name}: {said or 'nothing goes wrong'}{forked}"


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a trial came to: the traces of its lives, and whether every fault struck."""

    traces: Sequence[Sequence[str]]
    has_struck: bool


def play(trial: Trial) -> Played:
    """Play a trial to its end, and hold that all is as it must be.

    Raises:
        UntrueError: it is not; the message says what, and where the fault struck.
    """
    with staged() as stage:
        injectors: list[Injector] = []
        try:
            return _play(trial, stage, injectors)
        except Exception as error:
            _forget_connection()
            where = "; ".join(one.where for one in injectors if one.at)
            traces = "\n".join(f"life {life}:\n{one.told}" for life, one in enumerate(injectors, 1))
            told = f"{trial}\n{where}\n{error!r}\n{error}\n{stage.tell()}\n{traces}"
            raise UntrueError(told, dump()) from error


def _play(trial: Trial, stage: Stage, injectors: list[Injector]) -> Played:
    deaths = 0
    for life in range(MOST_LIVES):
        planned = trial.faults[life] if life < len(trial.faults) else (Fault.KILL_BEFORE, 0)
        injector = Injector(*planned)
        injectors.append(injector)
        ended = _forked(trial, stage, injector) if trial.is_forked and injector.at else None
        if ended is None:
            ended = live(trial.scenario, stage, injector)
        # What commits with its effects runs again when they were rolled back.
        is_again = injector.fault.is_deadly or injector.fault.is_stray or trial.scenario.effects
        deaths += bool(injector.has_struck and is_again)
        hold_always(stage)
        if not ended and life >= len(trial.faults):
            break
        _pass_on(stage, injector)
    hold_in_the_end(trial.scenario, stage, deaths)
    struck = all(one.has_struck for one in injectors[: len(trial.faults)])
    return Played(traces=[one.trace for one in injectors], has_struck=struck)


def live(scenario: Scenario, stage: Stage, injector: Injector) -> bool:
    """Be one process, from its start to its end; return whether that was before the work was done."""
    stage.boot()
    stage.injector = injector
    try:
        with injector.on():
            scenario.live(stage)
    except ENDS as error:
        let_go(error)
        return True
    finally:
        stage.injector = Injector()
        if injector.has_struck:
            _forget_connection()
    return False


def _forget_connection() -> None:
    """Take what the dead process knew of its connection along: Django would go on in a transaction that is gone."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.close()
    # The same object: whoever drops the database in the end closes that one.
    connection.connection = None
    connection.in_atomic_block = connection.closed_in_transaction = False


def _pass_on(stage: Stage, injector: Injector) -> None:
    """Let the lease of a dead process pass, or the pause of one that met an error."""
    clock.travel(timedelta(seconds=LEASE if injector.fault.is_deadly else RETRY) + clock_unit())


def clock_unit() -> timedelta:
    """Return a little more than the finest time that all databases know."""
    return timedelta(milliseconds=2)


def _forked(trial: Trial, stage: Stage, injector: Injector) -> bool:
    """Live in a process of its own; return whether it was killed. Its journal comes back by a pipe."""
    import pickle

    injector.is_real = True
    connections.close_all()
    observer.close()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read)
            # Only the thread that forks lives on: a pool would wait for its lost ones for ever.
            SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)
            _stream(stage, injector, write)
            live(trial.scenario, stage, injector)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    skew, gone = clock.reference(), None
    with os.fdopen(read, "rb") as pipe:
        while True:
            try:
                *known, injector.trace, skew, gone = pickle.load(pipe)
            except EOFError:
                break
            stage.journal, stage.ledger, stage.notes = known
    assert isinstance(skew, timedelta)
    clock.reset()
    clock.travel(skew)  # what time it is does not go with the process
    _, status = os.waitpid(child, 0)
    observer.outlive(gone)
    injector.has_struck = os.WIFSIGNALED(status)
    return injector.has_struck


def _stream(stage: Stage, injector: Injector, write: int) -> None:
    """Have the parent know before each place what the process knows that may die there."""
    import pickle

    hit, point = injector.hit, injector.point

    def tell() -> None:
        known = (stage.journal, stage.ledger, stage.notes, injector.trace)
        os.write(write, pickle.dumps((*known, clock.reference(), session())))

    def told_hit(label: str, do: object) -> object:
        tell()
        return hit(label, do)  # type: ignore[arg-type]

    def told_point(label: str) -> None:
        tell()
        point(label)

    injector.hit = told_hit  # type: ignore[method-assign]
    injector.point = told_point  # type: ignore[method-assign]


def count(scenario: Scenario) -> Sequence[str]:
    """Play a scenario without a fault; return its places."""
    return play(Trial(scenario=scenario)).traces[0]


def singles(
    scenario: Scenario, faults: Sequence[Fault], every: int = 1, first: int = 0
) -> Iterator[Trial]:
    """Yield a trial for each fault at every so manieth place, from `first` on."""
    places = len(count(scenario))
    for number, fault in enumerate(faults):
        if fault in scenario.spared:
            continue
        for at in range(1 + (first + number) % every, places + 1, every):
            yield Trial(scenario=scenario, faults=((fault, at),))
