"""Rows and values for the tests of the store, each with no more to say than it must."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from durable import clock
from durable.ids import new_id
from durable.models import Event, Run, Step
from durable.playback.failure import Failure
from durable.playback.keys import step_key
from durable.playback.request import ParallelMode, Request, Work
from durable.store.rows import Result, RunClaim, StepClaim
from durable.store.store import Store

ME, RIVAL = "here:1:1", "there:2:2"
LEASE = 30.0
LARGE = '"' + "ü" * 5000 + '"'


def event(tenant: str = "") -> Event:
    """Store an event."""
    now = clock.now()
    return Event.objects.create(name="test/event", data="{}", ts=now, received=now, tenant=tenant)


def queued(store: Store, function: str = "f", *, due_in: float = 0.0, tenant: str = "") -> Run:
    """Store a run; it comes due in so many seconds, which may be negative."""
    due_at = clock.now() + timedelta(seconds=due_in) if due_in else None
    on = event(tenant)
    store.runs.create(on, [function], due_at)
    return Run.objects.get(event=on)


def claimed(store: Store, function: str = "f", owner: str = ME) -> RunClaim:
    """Store a run and claim it, as the only one there is."""
    queued(store, function)
    (run,) = store.runs.claim(owner)
    return run


def taken_over(store: Store, run: RunClaim) -> RunClaim:
    """Let the lease of a run pass, and have a rival claim it."""
    later(LEASE + 1)
    (new,) = store.runs.claim(RIVAL)
    assert (new.id, new.claim) == (run.id, run.claim + 1)
    return new


def planned(
    store: Store, *names: str, mode: ParallelMode = ParallelMode.WAIT, park: bool = False
) -> RunClaim:
    """Claim a run and plan steps for it."""
    run = claimed(store)
    store.steps.plan(run, [request(name, mode=mode) for name in names], park=park)
    return run


def parked(store: Store, *names: str, mode: ParallelMode = ParallelMode.WAIT) -> list[StepClaim]:
    """Plan steps for a run, park it, and claim the steps."""
    planned(store, *names, mode=mode, park=True)
    return store.steps.claim(ME, len(names))


def later(seconds: float) -> None:
    """Move the clocks."""
    clock.travel(timedelta(seconds=seconds))


def request(
    name: str = "a", index: int = 0, branch: str = "", mode: ParallelMode = ParallelMode.WAIT
) -> Request:
    """Ask for a step."""
    return Request(
        key=step_key(name, index, branch),
        name=name,
        index=index,
        branch=branch,
        mode=mode,
        what=Work(str),
    )


def done(name: str = "a", output: str = '"made"', *, attempt: int = 0, **fields: Any) -> Result:
    """Describe a step that returned, after so many tries that failed."""
    asked = request(name, **fields)
    return Result(request=asked, attempt=attempt, seconds=0.25, output=output)


def failed(
    name: str = "a", *, attempt: int = 0, retry_in: float | None = None, **fields: Any
) -> Result:
    """Describe a step that raised; it is to be retried if `retry_in` says so."""
    return Result(
        request=request(name, **fields),
        attempt=attempt,
        seconds=0.25,
        failure=failure(),
        retry_in=retry_in,
    )


def failure(message: str = "no luck") -> Failure:
    """Describe an exception."""
    return Failure(code="unknown", name="ValueError", message=message, stack="line 1")


def row(run: RunClaim | StepClaim) -> Run:
    """Read the run again."""
    return Run.objects.get(pk=run.id if isinstance(run, RunClaim) else run.run)


def step(run: RunClaim | StepClaim, name: str = "a") -> Step:
    """Read a step of a run."""
    return Step.objects.get(run=row(run), name=name)


def new_event(dedupe_key: str | None = None) -> Event:
    """Describe an event that is not stored yet."""
    now = clock.now()
    return Event(
        id=new_id(), name="test/event", data="{}", dedupe_key=dedupe_key, ts=now, received=now
    )
