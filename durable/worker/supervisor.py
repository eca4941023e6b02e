"""The process above a cluster: starts it, stops it, and replaces it when it dies or freezes."""

from __future__ import annotations

import random
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from django.db import DatabaseError, InterfaceError

from durable.models import Run
from durable.q2 import family
from durable.q2.pulse import Role
from durable.store import Store
from durable.worker import identity, process
from durable.worker.failures import TRIES, Failures
from durable.worker.greeting import greeting
from durable.worker.group import Group
from durable.worker.informant import Informant
from durable.worker.vigil import Vigil

STOPPED, UNPREPARED, KILLED = 0, 1, 3  # exit codes
_TICK = 0.25
_ANSWER_SECONDS = 10.0  # for the database: it may be busy, and a network may swallow what it says
_BOOT_SECONDS = 120.0  # a large site may take long to import
_DOUBLED = 0.5  # seconds in which a second signal is the first one, sent by two ways
_LONG = 1.5  # seconds after which people wonder whether it stops
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Keeps one cluster running until SIGTERM or SIGINT.

    Args:
        arguments: for the cluster's main process.
        workers: how many workers make it ready.
        grace: seconds in which running work may end once a stop was asked for.
        patience: seconds of silence after which the cluster counts as frozen.
        say: tells people what happens.
    """

    arguments: Sequence[str]
    workers: int
    grace: float
    patience: float
    say: Callable[[str], None]

    def run(self) -> int:
        """Return the exit code."""
        with _Signals.caught() as signals:
            if not self._await_tables(signals):
                return UNPREPARED
            family.adopt_orphans()
            failures = Failures()
            while not signals.asked:
                if failures.in_a_row and not self._pause(signals, failures.in_a_row):
                    break
                begun = time.monotonic()
                group = Group(self.arguments)
                reason = self._watch(group, signals)
                if reason is None:
                    return self._stop(group, signals)
                _informant.close()
                words = group.last_words
                group.kill()
                failures.count(was_ready=group.was_ready, seconds=time.monotonic() - begun)
                if failures.are_hopeless:
                    return self._give_up(reason, words)
                self.say(f"durable worker: {reason}; starting another cluster")
                if failures.stillborn and not self._await_tables(signals):
                    return UNPREPARED
            return STOPPED

    def _await_tables(self, signals: _Signals) -> bool:
        """Wait while the database is down; return whether it has durable's tables."""
        failures = 0
        while True:
            try:
                tables = _informant.ask(_tables, _ANSWER_SECONDS)
                break
            except (DatabaseError, InterfaceError) as error:
                failures += 1
                self.say(
                    f"durable worker: waiting for the database: {' '.join(str(error).split())}"
                )
                if not self._pause(signals, failures):
                    return True
        _informant.close()
        if Run._meta.db_table in tables:
            return True
        self.say("durable worker: the tables are missing; run `manage.py migrate` first")
        return False

    def _pause(self, signals: _Signals, failures: int) -> bool:
        """Wait before the next try, longer each time; return whether there is to be one."""
        longest = _PAUSES[min(failures, len(_PAUSES)) - 1]
        until = time.monotonic() + longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        while not signals.asked and (left := until - time.monotonic()) > 0:
            signals.wait(left)
        return not signals.asked

    def _watch(self, group: Group, signals: _Signals) -> str | None:
        """Return why the cluster must be replaced, or None when a stop was asked for."""
        clock, vigil = 0.0, None
        while not signals.asked:
            begun = time.monotonic()
            signals.wait(_TICK)
            group.reap()
            # A supervisor that was itself held up has not seen silence.
            clock += min(time.monotonic() - begun, 2 * _TICK)
            if (code := group.exit_code) is not None:
                return f"its main process ended with code {code}"
            if vigil is None:
                if group.board.is_blank or self._is_ready(group):
                    self.say(greeting(self.workers))
                    group.was_ready = True
                    vigil = Vigil(self.patience, _has_due, identity.is_stopped, clock)
                elif clock > _BOOT_SECONDS:
                    return "it did not start"
            elif not group.board.is_blank and (reason := vigil.judge(group.pulses(), clock)):
                return reason
        return None

    def _stop(self, group: Group, signals: _Signals) -> int:
        """Let running work end; kill what has not ended in time, or at a second signal."""
        group.terminate()
        begun = time.monotonic()
        asked, until = signals.asked, begun + self.grace
        has_said = False
        while group.exit_code is None:
            signals.wait(min(_TICK, max(0.0, until - time.monotonic())))
            waited = time.monotonic() - begun
            if waited < _DOUBLED:
                asked = signals.asked
            elif waited > _LONG and not has_said:
                has_said = True
                self.say(
                    "durable worker: stopping; what is running has "
                    f"{self.grace:g} s to end, or is killed at a second Ctrl-C"
                )
            if signals.asked > asked or time.monotonic() >= until:
                group.kill()
                self.say("durable worker: killed; what was running is done again elsewhere")
                return KILLED
        group.kill()
        self.say("durable worker: stopped")
        return STOPPED

    def _give_up(self, reason: str, words: str) -> int:
        """Say why no cluster starts, and what to do."""
        self.say(f"durable worker: {reason}; {TRIES} clusters in a row did not start, giving up")
        said = f"The last error was: {words}" if words else "What is written above may say why."
        self.say(
            f"{said}\nMost often it is the setting Q_CLUSTER, or a module that cannot be imported."
            " Mend it, and start the worker again."
        )
        return UNPREPARED

    def _is_ready(self, group: Group) -> bool:
        workers = [p for p in group.pulses() if p.role is Role.WORKER]
        return len(workers) >= self.workers and any(p.is_waiting or p.beats for p in workers)


class _Signals:
    """SIGTERM and SIGINT as something to wait for."""

    def __init__(self, ears: socket.socket) -> None:
        self.asked = 0
        self._ears = ears

    @classmethod
    @contextmanager
    def caught(cls) -> Iterator[_Signals]:
        """Catch them within."""
        ears, mouth = socket.socketpair()
        for end in (ears, mouth):
            end.setblocking(False)
        signals = cls(ears)
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, signals._ask) for number in numbers]
        wakeup = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
        try:
            yield signals
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)
            ears.close()
            mouth.close()

    def wait(self, seconds: float) -> None:
        """Wait for a signal, or until the time has passed."""
        if select.select([self._ears], [], [], seconds)[0]:
            self._ears.recv(4096)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1


_informant = Informant()


def _has_due() -> bool | None:
    """Whether rows are due; None if the database does not say."""
    try:
        return _informant.ask(lambda store: store.due(1).count > 0, _ANSWER_SECONDS)
    except (DatabaseError, InterfaceError):
        return None


def _tables(store: Store) -> list[str]:
    process.hurry()
    return store.connection.introspection.table_names()
