"""C2: SIGSTOP, of a worker for longer than its lease, and of a whole cluster for good."""

from __future__ import annotations

import signal
import time
from contextlib import suppress

import psutil

from tests.campaigns.chaos.nodes import Node
from tests.campaigns.chaos.scene import Scene

HELD = 6.0  # seconds for which a process stands still: more than a lease
_LOOK = 0.2  # seconds between two looks whether a cluster was replaced


def hold(scene: Scene) -> None:
    """Have one worker stand still."""
    pid = scene.one(scene.node().cluster.find("worker"))
    process = psutil.Process(pid)
    process.suspend()
    scene.note("SIGSTOP of a worker beyond its lease", pid)
    scene.later(HELD, lambda: _release(process))


def freeze(scene: Scene) -> None:
    """Have a whole cluster stand still, except its supervisor, which has to notice."""
    node = scene.node()
    cluster, main = node.cluster, node.cluster.main
    for process in cluster.processes():
        with suppress(psutil.Error):
            process.send_signal(signal.SIGSTOP)
    scene.note("SIGSTOP of a whole cluster", node.number)
    _await_another(scene, node, main, time.monotonic())


def _await_another(scene: Scene, node: Node, main: int, since: float) -> None:
    """Look again and again, until another main process has its workers."""
    with suppress(psutil.Error, IndexError):
        if node.cluster.main != main and node.cluster.find("worker"):
            scene.recovery.replaced.append(time.monotonic() - since)
            return
    if time.monotonic() - since < 60:
        scene.later(_LOOK, lambda: _await_another(scene, node, main, since))


def _release(process: psutil.Process) -> None:
    with suppress(psutil.Error):
        process.resume()
