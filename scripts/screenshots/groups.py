"""Runs with large groups: one at work, and some that have ended, by which a function is judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from durable.ids import new_id
from durable.models import Attempt, Event, Run, RunStatus, Step, StepStatus
from durable.playback.keys import step_key

_WIDE, _APART = 300, 40  # steps of the group that is at work, and how many have runs of their own
_ERROR = '{"code":"unknown","name":"OSError","message":"broken picture","stack":"…"}'


def judged(now: datetime) -> None:
    """Make completed runs of a group of eight."""
    for number in range(5):
        at = now - timedelta(hours=number + 1)
        run = _run(RunStatus.COMPLETED, at, None, started=at, ended=at + timedelta(seconds=6))
        steps = [
            _step(run, n, StepStatus.DONE, at, n % 3 + 0.2, n % 3 + 2.4, mode="wait", wave=1)
            for n in range(8)
        ]
        Step.objects.bulk_create(steps)


def crowd(now: datetime, event: Event) -> Run:
    """Make a run that is in the middle of a large group, some of whose steps are runs of their own."""
    at = now - timedelta(seconds=50)
    run = _run(RunStatus.WAITING, at, event, started=at, pending=_WIDE - 150, wave=1)
    Step.objects.bulk_create(_member(run, n, at) for n in range(_WIDE))
    for step in run.steps.filter(op="child").order_by("pk"):
        _branch(step, at)
    for step in run.steps.filter(status__in=("failed", "retrying")):
        _failed_try(run, step, at)
    return run


def _member(run: Run, number: int, at: datetime) -> Step:
    begin = 0.2 + number * 0.2
    group: dict[str, Any] = {"mode": "wait", "wave": 1, "group": ""}
    if number < _APART:
        return _step(run, number, StepStatus.PENDING, at, None, None, op="child", **group)
    if number % 37 == 0:
        failed = {"error": _ERROR, "output": None}
        return _step(run, number, StepStatus.FAILED, at, begin, begin + 1.5, **group, **failed)
    if number % 41 == 0:
        due = at + timedelta(minutes=9)
        return _step(run, number, StepStatus.RETRYING, at, begin, None, due_at=due, **group)
    if number < 190:
        return _step(run, number, StepStatus.DONE, at, begin, begin + 1.9, **group)
    return _step(run, number, StepStatus.PENDING, at, None, None, **group)


def _branch(step: Step, at: datetime) -> None:
    number = int(step.branch)
    status = (RunStatus.RUNNING, RunStatus.QUEUED)[number % 2]
    run = _run(
        status,
        at,
        None,
        parent=step.run,
        parent_key=step.key,
        step=step.title,
        started=at + timedelta(seconds=2) if number % 2 == 0 else None,
        owner="web-1:41:1" if status == RunStatus.RUNNING else None,
        due_at=at + timedelta(minutes=30),
    )
    if number % 7 == 0:
        _failed_try(run, step, at)


def _run(status: str, at: datetime, event: Event | None, **fields: Any) -> Run:
    return Run.objects.create(
        id=new_id(), function="resize-images", event=event, status=status, created=at, **fields
    )


def _step(
    run: Run,
    number: int,
    status: str,
    at: datetime,
    begin: float | None,
    end: float | None,
    **fields: Any,
) -> Step:
    usual: dict[str, Any] = {
        "key": step_key("resize", 0, str(number)),
        "started": None if begin is None else at + timedelta(seconds=begin),
        "ended": None if end is None else at + timedelta(seconds=end),
        "output": '"ok"' if end is not None else None,
        "planned": at + timedelta(seconds=0.1),
        "branch": str(number),
    }
    return Step(run=run, name="resize", status=status, **(usual | fields))


def _failed_try(run: Run, step: Step, at: datetime) -> None:
    begun = step.started or at + timedelta(seconds=3)
    Attempt.objects.create(
        run=run,
        key=step.key,
        name=step.name,
        number=0,
        error=_ERROR,
        started=begun,
        ended=begun + timedelta(seconds=1.5),
    )
