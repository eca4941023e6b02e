"""What a function asks of its runs from the first: that each counts once, that each starts in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from durable import codec
from durable.authoring.function import Function
from durable.expressions.expression import TRIGGER, parse

DAY = 86_400.0  # seconds for which a second run with the same key is not started


def dedupe_key(function: Function, event: Mapping[str, Any], tenant: str = "") -> str | None:
    """Return the key by which a tenant's run for an event counts once, None where it has no such value.

    Raises:
        ExpressionFailedError: it cannot be computed with the event's values.
    """
    if function.idempotency is None:
        return None
    value = parse(function.idempotency, roots=TRIGGER).value({"event": event})
    return None if value is None else key_of_value(function.id, value, tenant)


def key_of_value(function_id: str, value: Any, tenant: str = "") -> str:
    """Return the key by which a tenant's run of a function for a value counts once."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as in a match: 1 and 1.0 are one value
    text = codec.encode(value, what="key", limit=1 << 22, setting="MAX_EVENT_BYTES", depth=64)
    of = f"\0{tenant}" if tenant else ""
    return sha256(f"{function_id}\0{text}{of}".encode()).hexdigest()


def start_within(functions: Iterable[Function]) -> dict[str, float]:
    """Return the seconds in which runs have to start, of those functions that say so."""
    within = {f.id: f.timeouts.start_within for f in functions if f.timeouts is not None}
    return {function: seconds for function, seconds in within.items() if seconds is not None}
