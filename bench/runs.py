"""Starting runs, driving them in this process, and waiting for a cluster to end them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

import durable
from durable.models import Run, RunStatus
from durable.store import get_store
from durable.worker.drain import Worker
from durable.worker.identity import owner

PATIENCE = 120.0  # seconds
_LOOK = 0.01


def worker() -> Worker:
    """Return a worker in this process, the only one."""
    return Worker(store=get_store(), owner=owner(), workers=1)


def drive(name: str, count: int, **data: int) -> float:
    """Drive so many runs of a function here; return seconds per run, without the sending."""
    durable.send([durable.Event(name=f"bench/{name}", data=dict(data))] * count)
    begun = time.perf_counter()
    mine = worker()
    for _ in range(count):
        mine.take_one()
    taken = time.perf_counter() - begun
    assert not Run.objects.filter(ended=None).exists(), "a run did not end"
    return taken / count


def send(name: str, count: int = 1, **data: str | int) -> list[UUID]:
    """Send so many events at once; return the ids of the runs they start."""
    return send_for("", name, count, **data)


def send_for(tenant: str, name: str, count: int = 1, **data: str | int) -> list[UUID]:
    """Send so many for a tenant; return the ids of the runs they start."""
    event = durable.Event(name=f"bench/{name}", data=dict(data), tenant=tenant)
    events = durable.send([event] * count)
    return list(Run.objects.filter(event__in=map(UUID, events)).values_list("pk", flat=True))


def await_ends(runs: Sequence[UUID]) -> list[int]:
    """Wait until a cluster has ended the runs; return their results, which are times."""
    rows = Run.objects.filter(pk__in=runs)
    wait_until(lambda: not rows.filter(ended=None).exists(), f"{len(runs)} runs to end")
    assert not rows.exclude(status="completed").exists(), "a run failed"
    return [int(run.result) for run in rows]


def await_sleep(runs: Sequence[UUID]) -> None:
    """Wait until each of the runs waits for its sleep to end."""
    rows = Run.objects.filter(pk__in=runs)
    asleep = partial(rows.filter(status=RunStatus.WAITING, owner=None, pending=1).count)
    wait_until(lambda: asleep() == len(runs), f"{len(runs)} runs to sleep")


def await_marks(path: Path, count: int) -> list[int]:
    """Wait until tasks have left so many marks in a file; return them."""

    def marks() -> list[int]:
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    wait_until(lambda: len(marks()) >= count, f"{count} tasks to end")
    return marks()


def wait_until(is_so: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look until something is so, for so many seconds at most."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience:.0f} s for {what}")
        time.sleep(_LOOK)
