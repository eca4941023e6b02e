"""Runs as JSON, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from durable import codec
from durable.models import Attempt, Blob, Run, Step
from durable.operations.outlook import Outlook, tries


def summary(run: Run, outlook: Outlook) -> dict[str, Any]:
    """Return what a list says of a run."""
    return {
        "id": str(run.pk),
        "function": run.function,
        "status": run.status,
        "event": run.event_id and str(run.event_id),
        "step": run.step,
        "created": _time(run.created),
        "started": _time(run.started),
        "ended": _time(run.ended),
        "steps_done": outlook.done,
        "steps_total": outlook.total,
        "attempt": run.attempt,
        "why": outlook.why,
    }


def everything(
    run: Run, outlook: Outlook, steps: list[Step], attempts: list[Attempt], blobs: list[Blob]
) -> dict[str, Any]:
    """Return all that is known of a run."""
    bodies = {blob.key: blob for blob in blobs}
    return {
        **summary(run, outlook),
        "parent": run.parent_id and str(run.parent_id),
        "version": run.version,
        "due_at": _time(run.due_at),
        "owner": run.owner,
        "claim": run.claim,
        "pending": run.pending,
        "crashes": run.crashes,
        "reason": run.reason,
        "event": _event(run),
        "result": _value(run, bodies.get("")),
        "error": run.failure,
        "steps": [_step(step, bodies.get(step.key)) for step in steps],
        "failed_tries": [_attempt(attempt) for attempt in attempts],
    }


def _event(run: Run) -> dict[str, Any] | None:
    event = run.event
    if event is None:
        return None
    return {
        "id": str(event.pk),
        "name": event.name,
        "custom_id": event.custom_id,
        "tenant": event.tenant,
        "subject": event.subject,
        "ts": _time(event.ts),
        "received": _time(event.received),
        "data": event.value,
    }


def _step(step: Step, blob: Blob | None) -> dict[str, Any]:
    return {
        "id": step.pk,
        "key": step.key,
        "step": step.title,
        "branch": step.branch,
        "kind": step.op,
        "mode": step.mode,
        "wave": step.wave,
        "status": step.status,
        "tries": tries(step),
        "crashes": step.crashes,
        "due_at": _time(step.due_at),
        "owner": step.owner,
        "started": _time(step.started),
        "ended": _time(step.ended),
        "planned": _time(step.planned),
        "given": None if step.given is None else codec.decode(step.given),
        "result": _value(step, blob),
        "error": step.failure,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "step": attempt.name,
        "attempt": attempt.number,
        "retries": attempt.retries,
        "started": _time(attempt.started),
        "ended": _time(attempt.ended),
        "error": attempt.failure,
    }


def _value(row: Run | Step, blob: Blob | None) -> Any:
    text = row.output if blob is None else blob.body
    return None if text is None else codec.decode(text)


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
