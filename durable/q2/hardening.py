"""Cures for what kills a stock q2 cluster. Applied by `durable_worker`, before anything is forked.

- A killed worker may hold the lock of the task queue: `get` waits outside a lock the kernel frees.
- A killed sentinel leaves workers nobody guards: they die with their parent.
- SIGTERM to the whole group kills running work and deadlocks the main process: children ignore it.
"""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from functools import wraps
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from django_q import cluster, queues

from durable.q2 import family, pulse
from durable.q2.pulse import Role

logger = logging.getLogger("durable.worker")

_QUEUE_PARTS = ("_reader", "_sem", "_poll", "_recv_bytes", "size")
_TARGETS = {"worker": Role.WORKER, "monitor": Role.MONITOR, "pusher": Role.PUSHER}
_lock_file = -1


def harden() -> bool:
    """Apply the cures to this process and all it forks; say in the log which do not fit this q2."""
    missing = list(_misfits())
    if missing:
        logger.warning(
            "this django-q2 is not as expected (%s): a killed worker may freeze its cluster until the"
            " supervisor replaces it",
            ", ".join(missing),
        )
        return False
    global _lock_file
    with tempfile.TemporaryFile() as file:
        _lock_file = os.dup(file.fileno())
    queues.Queue.get = _get
    for name, role in _TARGETS.items():
        setattr(cluster, name, _enlisted(getattr(cluster, name), role))
    cluster.Sentinel = Sentinel
    return True


def _misfits() -> list[str]:
    found = [] if "fork" in multiprocessing.get_all_start_methods() else ["no fork"]
    queue = queues.Queue(1)
    found += [f"Queue.{part}" for part in _QUEUE_PARTS if not hasattr(queue, part)]
    found += [name for name in _TARGETS if not callable(getattr(cluster, name, None))]
    parts = ("start", "status", "spawn_process")
    return found + [f"Sentinel.{part}" for part in parts if not hasattr(cluster.Sentinel, part)]


class Sentinel(cluster.Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """The guard of a cluster, with a pulse."""

    def start(self) -> None:
        """Guard until asked to stop."""
        family.outlast_sigterm()
        _follow_parent()
        pulse.enlist(Role.SENTINEL)
        super().start()

    def spawn_process(self, target: Callable[..., object], *args: object) -> Any:
        """Fork a child; ending it means SIGKILL, because it outlasts SIGTERM."""
        process = super().spawn_process(target, *args)
        process._popen.terminate = process._popen.kill
        return process

    def status(self) -> str:
        """Return the status, which the guard asks for in each of its cycles."""
        pulse.beat()
        pulse.count(self.task_queue.qsize(), self.result_queue.qsize())
        return str(super().status())


def _enlisted(target: Callable[..., object], role: Role) -> Callable[..., object]:
    """Wrap what a child of the sentinel runs."""

    @wraps(target)
    def run(*args: Any, **kwargs: Any) -> object:
        family.outlast_sigterm()
        _follow_parent()
        pulse.enlist(role)
        if role is Role.PUSHER:
            _watch(*args)
        return target(*args, **kwargs)

    return run


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        family.follow(parent.pid)


def _watch(queue: queues.Queue, _: object, broker: Any) -> None:
    """Count the broker's answers, and let our own broker see what the workers have in store."""
    dequeue = broker.dequeue

    def counted() -> Any:
        pulse.beat()
        return dequeue()

    broker.dequeue = counted
    broker.untaken = queue.qsize


def _get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
    """Read one message; whoever is killed while waiting or reading stops nobody else."""
    pulse.wait(True)
    while (message := _read(self)) is None:
        pass
    self._sem.release()
    self.size.increment(-1)
    pulse.wait(False)
    pulse.beat()
    return ForkingPickler.loads(message)


def _read(queue: Any) -> bytes | None:
    wait([queue._reader])
    place = queue._reader.fileno()  # one byte of the lock file for each queue
    fcntl.lockf(_lock_file, fcntl.LOCK_EX, 1, place)
    try:
        return bytes(queue._recv_bytes()) if queue._poll() else None
    finally:
        fcntl.lockf(_lock_file, fcntl.LOCK_UN, 1, place)
