"""Spans for OpenTelemetry, if its API is installed and somebody has set it up; else nothing.

A stint is what one process does for one run without a rest: to drive it, or to help with its steps.
Spans carry ids and names, never payloads, and of an error its class only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any
from uuid import UUID

from durable import signals
from durable.models import Event, Run, RunStatus
from durable.playback import around
from durable.store import Store
from durable.store.rows import RunClaim

trace: Any = None
with suppress(ImportError):  # the extra `otel` may not be installed
    trace = import_module("opentelemetry.trace")

_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def _tracer() -> Any:
    """Return a tracer, or None if spans would go nowhere."""
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    return trace.get_tracer("durable")


def here() -> str:
    """Return the traceparent of the span we are in; nothing if we are in none."""
    context = trace.get_current_span().get_span_context() if trace is not None else None
    if context is None or not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


@contextmanager
def driving(store: Store, run: RunClaim) -> Iterator[None]:
    """A span for a stint that drives a run; it links to the stint before, and the run remembers it."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    row = Run.objects.using(store.alias).filter(pk=run.id)
    before, sent = row.values_list("trace", "event__trace").first() or ("", "")
    with _stint(tracer, "run", run.id, run.function, sent or before, before):
        row.filter(claim=run.claim).update(trace=here())
        yield


@contextmanager
def assisting(run: Run, event: Event | None) -> Iterator[None]:
    """A span for a stint that helps with the planned steps of a run."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    sent = event.trace if event is not None else ""
    with _stint(tracer, "steps", run.pk, run.function, sent or run.trace, run.trace):
        yield


@contextmanager
def _stint(
    tracer: Any, what: str, run: UUID, function: str, parent: str | None, before: str
) -> Iterator[None]:
    links = [trace.Link(context)] if (context := _context(before)) else []
    remote = _context(parent)
    under = trace.set_span_in_context(trace.NonRecordingSpan(remote)) if remote else None
    with tracer.start_as_current_span(
        f"{what} {function}",
        context=under,
        kind=trace.SpanKind.CONSUMER,
        links=links,
        attributes={"durable.run_id": str(run), "durable.function": function},
        record_exception=False,
    ):
        yield


def _context(text: str | None) -> Any:
    found = _PARENT.fullmatch(text or "")
    if found is None:
        return None
    context = trace.SpanContext(
        int(found[1], 16), int(found[2], 16), True, trace.TraceFlags(int(found[3], 16))
    )
    return context if context.is_valid else None


@contextmanager
def _body(title: str, attempt: int) -> Iterator[None]:
    tracer = _tracer()
    if tracer is None:
        yield
        return
    attributes = {"durable.step": title, "durable.attempt": attempt}
    with tracer.start_as_current_span(
        f"step {title}",
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def _note_end(*, run_id: Any, status: str, failure: Any, **kwargs: Any) -> None:
    """Say on the stint's span how its run has ended."""
    span = trace.get_current_span()
    span.set_attribute("durable.status", str(status))
    if status == RunStatus.FAILED:
        span.set_status(trace.StatusCode.ERROR, failure.name if failure else "")


if trace is not None:
    around.watch(_body)
    signals.run_finished.connect(_note_end, dispatch_uid="durable.tracing")
