"""What the engine tells: sent after the commit, to receivers whose errors do no harm.

The log lines are written here and nowhere else. They name runs and steps, never payloads; but under
DEBUG what an error says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.dispatch import Signal

logger = logging.getLogger("durable.engine")

run_started = Signal()  # run_id, function
run_finished = Signal()  # run_id, function, status, failure, took(): asks the database
function_missed = Signal()  # run_id, function: this process does not know it
attempt_failed = Signal()  # run_id, function, step (or ""), attempt, failure, retry_in (or None)
expression_failed = Signal()  # function, event: the name, error; the function was not started
ticks_missed = Signal()  # function, cron, count (left out), is_all (counted), tick (starts late)
event_unheard = Signal()  # name, nearest(): the name a function listens to that is most like it


def told(error: Exception) -> str:
    """Return what a line of the log says of an error that may quote a payload."""
    return str(error) if settings.DEBUG else type(error).__name__


def _log_finished(
    *,
    run_id: Any,
    function: str,
    status: str,
    failure: Any,
    took: Callable[[], str],
    **kwargs: Any,
) -> None:
    if failure is not None and failure.quiet:
        return
    extra = _extra(run_id, function)
    ended = f"{status} in {took()}" if settings.DEBUG else status
    if failure is None:
        logger.info("run %s of %s %s", run_id, function, ended, extra=extra)
        return
    logger.error(
        "run %s of %s %s: %s; `manage.py durable_show %s` says why",
        run_id,
        function,
        ended,
        _first_line(failure) if settings.DEBUG else failure.name,
        run_id,
        extra=extra,
    )


def _first_line(failure: Any) -> str:
    first, *_ = failure.message.strip().splitlines() or [""]
    return f"{failure.name}: {first}" if first else str(failure.name)


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


def _log_unheard(*, name: str, nearest: Callable[[], str | None], **kwargs: Any) -> None:
    level = logging.WARNING if settings.DEBUG else logging.INFO
    if logger.isEnabledFor(level):
        near = nearest()
        hint = f"; did you mean {near!r}?" if near else ""
        logger.log(level, "no function is triggered by %r%s", name, hint, extra={"event": name})


def _log_expression(*, function: str, event: str, error: Exception, **kwargs: Any) -> None:
    logger.warning(
        "%s: was not started by %r, its expression cannot be computed: %s",
        function,
        event,
        told(error),
        extra={"function": function, "event": event},
    )


def _log_ticks(
    *, function: str, cron: str, count: int, is_all: bool, tick: datetime, **kwargs: Any
) -> None:
    logger.warning(
        "%s: no worker was there at %s%s of %r, left out; the run of %s starts late",
        function,
        "" if is_all else "more than ",
        f"{count} times" if count > 1 else "one time",
        cron,
        tick.isoformat(),
        extra={"function": function},
    )


def _extra(run_id: Any, function: str) -> dict[str, Any]:
    return {"run_id": str(run_id), "function": function}


run_finished.connect(_log_finished)
function_missed.connect(_log_missed)
attempt_failed.connect(_log_attempt)
expression_failed.connect(_log_expression)
ticks_missed.connect(_log_ticks)
event_unheard.connect(_log_unheard)
