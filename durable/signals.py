"""What the engine tells: sent after the commit, to receivers whose errors do no harm.

The log lines are written here and nowhere else. They name runs and steps, never payloads.
"""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import Signal

logger = logging.getLogger("durable.engine")

run_started = Signal()  # run_id, function
run_finished = Signal()  # run_id, function, status, failure
function_missed = Signal()  # run_id, function: this process does not know it
attempt_failed = Signal()  # run_id, function, step (or ""), attempt, failure, retry_in (or None)


def _log_finished(*, run_id: Any, function: str, status: str, failure: Any, **kwargs: Any) -> None:
    if failure is None:
        logger.info("run %s of %s %s", run_id, function, status, extra=_extra(run_id, function))
    elif not failure.quiet:
        logger.error(
            "run %s of %s %s: %s; `manage.py durable_show %s` says why",
            run_id,
            function,
            status,
            failure.name,
            run_id,
            extra=_extra(run_id, function),
        )


def _log_attempt(
    *, run_id: Any, function: str, step: str, attempt: int, failure: Any, retry_in: Any, **kw: Any
) -> None:
    if failure.quiet:
        return
    then = "no tries left" if retry_in is None else f"again in {retry_in:.1f} s"
    what = f"step {step!r}" if step else "its own code"
    extra = _extra(run_id, function) | {"step": step, "attempt": attempt}
    logger.warning(
        "%s: %s failed, try %d: %s; %s (run %s)",
        function,
        what,
        attempt + 1,
        failure.name,
        then,
        run_id,
        extra=extra,
    )


def _log_missed(*, run_id: Any, function: str, **kwargs: Any) -> None:
    if function not in _missed:
        _missed.add(function)
        logger.warning(
            "run %s waits: function %s is not registered in this process",
            run_id,
            function,
            extra=_extra(run_id, function),
        )


_missed: set[str] = set()  # said once in each process


def _extra(run_id: Any, function: str) -> dict[str, Any]:
    return {"run_id": str(run_id), "function": function}


run_finished.connect(_log_finished)
function_missed.connect(_log_missed)
attempt_failed.connect(_log_attempt)
