"""Who does not get on, and where: what to look at when nothing moves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import psutil
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Max
from django_q.models import OrmQ

from durable.models import Event, Run, Step, Wait
from tests.campaigns.chaos.nodes import Node
from tests.campaigns.chaos.scene import Scene

_BETWEEN = 5.0  # seconds between two looks
_SAYING = 1.0  # seconds in which processes write their stacks
_LOOKS = 8  # at a worker that may hang
_MARK = "Current thread"
_MOST = 200  # rows of each kind


@dataclass(slots=True)
class Detector:
    """Notices that nothing gets on, though the database can be asked.

    Args:
        seconds: of stillness that are too much.
        times: how often that was so.
    """

    seconds: float
    times: int = 0
    _steps: int = 0
    _moved: float = field(default_factory=time.monotonic)
    _looked: float = 0.0

    def look(self, scene: Scene, folder: Path) -> None:
        """Look now and then; leave a report when nothing has moved for so long."""
        now = time.monotonic()
        if now - self._looked < _BETWEEN:
            return
        self._looked = now
        try:
            steps = Step.objects.aggregate(last=Max("pk"))["last"] or 0
        except (DatabaseError, InterfaceError):
            connection.close()
            steps = -1
        if steps != self._steps:
            self._steps, self._moved = steps, now
        elif now - self._moved > self.seconds and steps >= 0:
            self.times += 1
            self._moved = now
            (folder / f"chaos-stuck-{self.times}.txt").write_text(report(scene))


def hung(node: Node) -> list[str]:
    """Return the stacks of the workers of a machine that go on waiting for an answer of the database."""
    found = [_hanging(node, pid) for pid in node.cluster.find("worker")]
    return [stack for stack in found if stack]


def _hanging(node: Node, pid: int) -> str:
    """Return the last stack of a worker, nothing if it once did something else than wait."""
    stack = ""
    for _ in range(_LOOKS):
        said = len(node.cluster.said)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR1)
        time.sleep(_SAYING)
        stack = _frames(node.cluster.said[said:].partition(_MARK)[2])
        if not any(driver in stack for driver in ("/psycopg/", "/pymysql/")):
            return ""
    return stack


def _frames(text: str) -> str:
    """Return the stack with which a text begins."""
    first, *lines = text.splitlines() or [""]
    return "\n".join([first, *takewhile(lambda line: line.startswith("  File"), lines)])


def report(scene: Scene) -> str:
    """Return all that may say why nothing moves."""
    return "\n".join(_lines(scene))


def _lines(scene: Scene) -> Iterator[str]:
    yield "RUNS, STEPS, WAITS, EVENTS, MESSAGES"
    for rows in (
        Run.objects.filter(ended=None),
        Step.objects.filter(ended=None),
        Wait.objects.all(),
        Event.objects.filter(route_at__isnull=False),
    ):
        yield from (str(row)[:1000] for row in rows.values()[:_MOST])
    yield from map(str, OrmQ.objects.values_list("pk", "lock")[:_MOST])
    if connection.vendor == "postgresql":
        yield "SESSIONS"
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid, state, wait_event_type, wait_event, xact_start, state_change, left(query, 200)"
                " FROM pg_stat_activity WHERE datname = current_database()"
            )
            yield from map(str, cursor.fetchall())
    for node in scene.nodes:
        yield f"MACHINE {node.number}"
        yield from _processes(node)


def _processes(node: Node) -> Iterator[str]:
    said = len(node.cluster.said)
    for process in node.cluster.processes():
        with suppress(OSError, psutil.Error):
            wait = Path(f"/proc/{process.pid}/wchan").read_text()
            yield f"{process.pid} {process.status()} in {wait}"
            process.send_signal(signal.SIGUSR1)
    time.sleep(_SAYING)
    yield node.cluster.said[said - 3000 :]
