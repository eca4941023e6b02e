"""From an event to the functions it starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from durable import signals
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerEvent
from durable.engine.call import events_of
from durable.engine.terms import dedupe_key, start_within
from durable.errors import ExpressionFailedError
from durable.models import Event as EventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A condition that could not be computed, and so does not hold."""

    event: str
    function: str
    error: ExpressionFailedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What becomes of one event."""

    functions: list[str] = field(default_factory=list)  # ids, each once
    keys: dict[str, str] = field(default_factory=dict)  # by which runs count once, by function
    start_within: dict[str, float] = field(default_factory=dict)  # seconds, by function
    failed: list[Failed] = field(default_factory=list)
    is_heard: bool = False  # a function listens to its name, whether it wants this one or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one trigger that names the event comes to."""

    trigger: TriggerEvent
    function: Function
    is_met: bool = False
    key: str | None = None  # by which the run counts once
    error: ExpressionFailedError | None = None


def route(row: EventRow) -> Route:
    """Find the functions that listen to the event's name and whose conditions hold for it."""
    verdicts = judge(row)
    found = {verdict.function.id: verdict for verdict in verdicts if verdict.is_met}
    return Route(
        functions=list(found),
        keys={function: v.key for function, v in found.items() if v.key is not None},
        start_within=start_within(v.function for v in found.values()),
        failed=[
            Failed(event=row.name, function=v.function.id, error=v.error)
            for v in verdicts
            if v.error is not None
        ],
        is_heard=bool(verdicts),
    )


def judge(row: EventRow) -> list[Verdict]:
    """Ask each trigger that names the event, one after the other; none of a function that is found."""
    pairs = registry.listeners(row.name)
    is_plain = all(trigger.expression is f.idempotency is None for trigger, f in pairs)
    event = {} if is_plain else events_of(row)()[0].as_dict()
    found: set[str] = set()
    verdicts = []
    for trigger, function in pairs:
        if function.id in found:
            continue
        verdict = _judge(trigger, function, event, row.tenant)
        verdicts.append(verdict)
        if verdict.is_met:
            found.add(function.id)
    return verdicts


def _judge(
    trigger: TriggerEvent, function: Function, event: Mapping[str, Any], tenant: str
) -> Verdict:
    try:
        if not trigger.admits(event):
            return Verdict(trigger=trigger, function=function)
        key = dedupe_key(function, event, tenant)
    except ExpressionFailedError as error:
        return Verdict(trigger=trigger, function=function, error=error)
    return Verdict(trigger=trigger, function=function, is_met=True, key=key)


def tell_failed(failed: Iterable[Failed]) -> None:
    """Tell of each condition that could not be computed."""
    for one in failed:
        signals.expression_failed.send_robust(
            sender=None, function=one.function, event=one.event, error=one.error
        )
