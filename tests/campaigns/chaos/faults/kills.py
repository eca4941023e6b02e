"""C1: SIGKILL by role, of each role as often as of any other."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from durable.models import Run, Step
from tests.acceptance.clusters import Cluster
from tests.campaigns.chaos.scene import ImpossibleError, Scene

ROLES = (
    *("worker", "worker at work", "idle worker", "pusher", "monitor", "sentinel", "main process"),
    *("whole cluster", "supervisor", "API process"),
)
_IDLE = ("0", "7", "23", "232", "270", "271", "281")  # read, and the kinds of poll and select


@dataclass(slots=True, eq=False)
class Kills:
    """Kills whose turn it is."""

    draw: random.Random
    _deck: list[str] = field(default_factory=list)

    def strike(self, scene: Scene) -> None:
        """Kill one; a role of which nobody is there keeps its turn."""
        if not self._deck:
            self._deck = self.draw.sample(ROLES, len(ROLES))
        for role in list(self._deck):
            try:
                pids = _pids(scene, role)
            except (ImpossibleError, psutil.Error, IndexError):
                continue
            self._deck.remove(role)
            _kill(scene, role, pids)
            return


def _kill(scene: Scene, role: str, pids: list[int]) -> None:
    for pid in pids:
        psutil.Process(pid).kill()
    scene.note(f"SIGKILL: {role}", pids)
    if role not in ("supervisor", "API process"):
        scene.recovery.lose(pids)


def _pids(scene: Scene, role: str) -> list[int]:
    if role == "API process":
        return [scene.site.pid]
    cluster = scene.node().cluster
    if role == "supervisor":
        return [cluster.supervisor]
    if role == "whole cluster":
        return [process.pid for process in cluster.processes()] or [scene.one([])]
    if role in ("sentinel", "main process"):
        return [cluster.sentinel if role == "sentinel" else cluster.main]
    if role == "idle worker":
        return [scene.one(_idle(cluster))]
    if role == "worker at work":
        return [scene.one([pid for node in scene.nodes for pid in _at_work(node.cluster)])]
    return [scene.one(cluster.find(role))]


def _idle(cluster: Cluster) -> list[int]:
    """Return who waits for a message: the one that holds the lock of the queue, if one does while it waits."""
    calls = {pid: _call(pid) for pid in cluster.find("worker")}
    holders = [pid for pid, call in calls.items() if call == "0"]
    return holders or [pid for pid, call in calls.items() if call in _IDLE]


def _call(pid: int) -> str:
    """Return the number of the system call in which a process is."""
    try:
        return Path(f"/proc/{pid}/syscall").read_text().split()[0]
    except OSError:
        return ""


def _at_work(cluster: Cluster) -> list[int]:
    """Return who holds a lease at the moment."""
    owners = [*Run.objects.exclude(owner=None).values_list("owner", flat=True)[:50]]
    owners += Step.objects.exclude(owner=None).values_list("owner", flat=True)[:50]
    holding = {int(owner.rsplit(":", 2)[1]) for owner in owners if owner}
    return [pid for pid in cluster.find("worker") if pid in holding]
