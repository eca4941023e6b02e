"""From an event to the functions it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from durable import signals
from durable.authoring.function import Function
from durable.authoring.registry import registry
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


def route(row: EventRow) -> Route:
    """Find the functions that listen to the event's name and whose conditions hold for it."""
    pairs = registry.listeners(row.name)
    is_plain = all(trigger.expression is f.idempotency is None for trigger, f in pairs)
    event = {} if is_plain else events_of(row)()[0].as_dict()
    found: dict[str, Function] = {}
    keys, failed = {}, []
    for trigger, function in pairs:
        try:
            if function.id not in found and trigger.admits(event):
                keys[function.id] = dedupe_key(function, event, row.tenant)
                found[function.id] = function
        except ExpressionFailedError as error:
            failed.append(Failed(event=row.name, function=function.id, error=error))
    return Route(
        functions=list(found),
        keys={function: key for function, key in keys.items() if key is not None},
        start_within=start_within(found.values()),
        failed=failed,
        is_heard=bool(pairs),
    )


def tell_failed(failed: Iterable[Failed]) -> None:
    """Tell of each condition that could not be computed."""
    for one in failed:
        signals.expression_failed.send_robust(
            sender=None, function=one.function, event=one.event, error=one.error
        )
