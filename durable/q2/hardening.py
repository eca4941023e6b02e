"""Cures for what kills a stock q2 cluster. Applied by `durable_worker`, before anything is forked.

- A killed process may hold a lock: the kernel frees those of the queues and of the workers' timers,
  and `get` waits for messages outside the lock.
- A killed sentinel leaves workers nobody guards: they die with their parent.
- SIGTERM to the whole group kills running work and deadlocks the main process: children ignore it.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from functools import wraps
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from django_q import cluster, queues

from durable.q2 import family, kernellock, pulse
from durable.q2.kernellock import KernelLock
from durable.q2.pulse import Role

logger = logging.getLogger("durable.worker")

_QUEUE_PARTS = ("_reader", "_writer", "_wlock", "_sem", "_poll", "_recv_bytes", "size")
TARGETS = {"worker": Role.WORKER, "monitor": Role.MONITOR, "pusher": Role.PUSHER}
_TIMERS = 1 << 20  # the places of their locks begin here; those of the queues are file numbers


def harden() -> bool:
    """Apply the cures to this process and all it forks; say in the log which do not fit this q2."""
    missing = misfits()
    if missing:
        logger.warning(
            "this django-q2 is not as expected (%s): the cluster runs as plain qcluster does, and when it"
            " freezes nobody notices",
            ", ".join(missing),
        )
        return False
    kernellock.prepare()
    queues.Queue.get = _get
    queues.Queue._start_thread = _start_thread
    for name, role in TARGETS.items():
        setattr(cluster, name, _enlisted(getattr(cluster, name), role))
    cluster.Sentinel = Sentinel
    return True


def misfits() -> list[str]:
    """Return the parts this q2 and this platform lack."""
    found = [] if "fork" in multiprocessing.get_all_start_methods() else ["no fork"]
    queue = queues.Queue(1)
    found += [f"Queue.{part}" for part in _QUEUE_PARTS if not hasattr(queue, part)]
    found += [name for name in TARGETS if not callable(getattr(cluster, name, None))]
    parts = ("start", "status", "spawn_process", "spawn_worker")
    return found + [f"Sentinel.{part}" for part in parts if not hasattr(cluster.Sentinel, part)]


class Sentinel(cluster.Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """The guard of a cluster, with a pulse."""

    _spawned = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the broker, and guard until asked to stop."""
        with pulse.confessing():
            super().__init__(*args, **kwargs)

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

    def spawn_worker(self) -> None:
        """Fork a worker with a timer whose lock does not outlive its holder."""
        self._spawned += 1
        timer = multiprocessing.Value("f", -1, lock=KernelLock(_TIMERS + self._spawned))  # type: ignore[call-overload]
        self.spawn_process(cluster.worker, self.task_queue, self.result_queue, timer, self.timeout)

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
        with pulse.confessing():
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
    with KernelLock(queue._reader.fileno()):
        return bytes(queue._recv_bytes()) if queue._poll() else None


def _start_thread(self: Any) -> None:
    """Start the thread that writes messages; whoever is killed while writing stops nobody else."""
    self._wlock = KernelLock(self._writer.fileno())
    super(queues.Queue, self)._start_thread()
