"""The blows of `--kill`: SIGKILL, which no process can catch, at set points of the text run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from project.demo import processes
from project.demo.progress import View
from project.demo.worker import Worker


@dataclass(frozen=True, slots=True)
class Blow:
    at: float  # the share of the parallel steps done
    aim: Callable[[Worker, View], set[int]]
    name: str


def busy(worker: Worker, view: View) -> set[int]:
    """Half of the processes that hold a step now."""
    holding = sorted(worker.family() & view.owners)
    return set(holding[: max(1, len(holding) // 2)])


def everyone(worker: Worker, view: View) -> set[int]:
    """The whole cluster below the supervisor: sentinel, workers, monitor, pusher."""
    return worker.family()


BLOWS = (Blow(0.15, busy, "busy workers"), Blow(0.45, everyone, "the whole cluster"))


class Killer:
    def __init__(self, worker: Worker, event_id: str) -> None:
        self._worker = worker
        self._event_id = event_id  # of the run whose progress times the blows
        self._left = list(BLOWS)
        self.killed = 0

    def strike(self, view: View) -> str | None:
        """Strike the next blow if the run is ripe for it, and say what was hit."""
        if not self._left or view.event_id != self._event_id:
            return None
        blow = self._left[0]
        victims = blow.aim(self._worker, view) if blow.at <= view.share < 1 else set()
        if not victims:
            return None
        self._left.pop(0)
        processes.kill(victims)
        self.killed += len(victims)
        pids = " ".join(map(str, sorted(victims)))
        return f"  kill -9 {pids}   {blow.name}, at {view.share:.0%} of {view.function}"
