"""Rows to be looked at, whose times and owners agree with their status."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from durable import clock
from durable.ids import new_id
from durable.models import (
    Attempt,
    Blob,
    Event,
    Run,
    RunStatus,
    Schedule,
    Step,
    StepStatus,
    Worker,
)
from durable.models.status import FINAL_RUN
from durable.playback.keys import step_key

_made = count()

BOOM = {"code": "unknown", "name": "TimeoutError", "message": "too slow", "stack": "Traceback …"}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _later_id() -> UUID:
    """Return an id that sorts behind earlier ones, even of the same millisecond."""
    return UUID(int=new_id().int & ~(0xFFF << 64) | (next(_made) % 0x1000) << 64)


def ago(seconds: float) -> datetime:
    """Return a past time."""
    return clock.now() - timedelta(seconds=seconds)


def event(name: str = "order/paid", **fields: Any) -> Event:
    """Store an event."""
    now = clock.now()
    fields = {"id": _later_id(), "data": '{"order":7}', "ts": now, "received": now, **fields}
    return Event.objects.create(name=name, **fields)


def run(status: str = RunStatus.COMPLETED, function: str = "shop", **fields: Any) -> Run:
    """Store a run that was created 10 seconds ago, or when it came due."""
    final = status in FINAL_RUN
    usual: dict[str, Any] = {
        "created": min(ago(10), fields.get("due_at") or ago(10)),
        "started": None if status == RunStatus.QUEUED else ago(9),
        "ended": ago(4) if final else None,
        "owner": "here:1:1" if status == RunStatus.RUNNING else None,
        "due_at": None if final or status == RunStatus.WAITING else ago(-30),
        "output": '{"total":42}' if status == RunStatus.COMPLETED else None,
        "error": _json(BOOM) if status == RunStatus.FAILED else None,
    }
    fields = usual | fields
    if "event" not in fields:
        fields["event"] = event()
    return Run.objects.create(id=_later_id(), function=function, status=status, **fields)


def step(of: Run, name: str = "charge", status: str = StepStatus.DONE, **fields: Any) -> Step:
    """Store a step."""
    final = status in (StepStatus.DONE, StepStatus.FAILED, StepStatus.CANCELLED)
    branch, index = fields.get("branch", ""), fields.get("index", 0)
    usual: dict[str, Any] = {
        "key": step_key(name, index, branch),
        "started": None if status == StepStatus.PENDING else ago(8),
        "ended": ago(7) if final else None,
        "due_at": None if final else ago(-20),
        "owner": "here:1:1" if status == StepStatus.RUNNING else None,
        "output": '"fine"' if status == StepStatus.DONE else None,
        "error": _json(BOOM) if status in (StepStatus.FAILED, StepStatus.RETRYING) else None,
    }
    return Step.objects.create(run=of, name=name, status=status, **(usual | fields))


def failed_try(
    of: Run, on: Step | None = None, number: int = 0, retries: int | None = 3, **error: str
) -> Attempt:
    """Store a failed try of a step, or of the function's own code."""
    return Attempt.objects.create(
        run=of,
        key=on.key if on else "",
        name=on.title if on else "",
        number=number,
        retries=retries,
        error=_json(BOOM | error),
        started=ago(8),
        ended=ago(7.5),
    )


def worker(**fields: Any) -> Worker:
    """Store a worker that was seen a moment ago, and has done 60 pieces of work in a minute."""
    usual = {
        "id": _later_id(),
        "owner": "here:1:1",
        "host": "here",
        "pid": 1,
        "parent": 7,
        "cluster": "durable",
        "is_supervised": True,
        "version": "1.0",
        "started": ago(60),
        "seen": ago(1),
        "hints": 60,
        "claims": 60,
        "rate": 60.0,
    }
    return Worker.objects.create(**(usual | fields))


def schedule(function: str = "shop", cron: str = "@daily", **fields: Any) -> Schedule:
    """Store a schedule that comes in an hour."""
    fields = {"due_at": ago(-3600), "created": ago(10), **fields}
    return Schedule.objects.create(function=function, cron=cron, **fields)


def large(of: Run, text: str, on: Step | None = None) -> None:
    """Give a run, or a step, a large output."""
    Blob.objects.create(run=of, key=on.key if on else "", body=text)
    row = on or of
    row.large, row.output = True, None
    row.save()
