"""From a delivery to its events, stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from durable import clock
from durable.authoring.event import Event
from durable.engine.ingest import ingest
from durable.errors import EventInvalidError, LimitExceededError, OutputUnserializableError
from durable.webhooks.delivery import Delivery
from durable.webhooks.refused import RefusedError
from durable.webhooks.source import Source


def take(source: Source, delivery: Delivery) -> Mapping[str, Any]:
    """Check a delivery and store its events; return what to answer.

    Delivered again, it is stored once: its events have the id of the delivery, unless the site's own
    function gives them one.

    Raises:
        RefusedError: it is not signed, or cannot be read or stored. Nothing was stored.
    """
    now = clock.now().timestamp()
    if not source.scheme.verify(delivery, source.secrets, now):
        raise RefusedError(401, "unauthenticated", "The signature is missing, wrong or too old.")
    if greeting := source.scheme.greeting_of(delivery):
        return greeting
    events = _events(source, delivery)
    try:
        return {"ids": ingest(events)}
    except LimitExceededError:
        raise RefusedError(413, "too_large", "The data are too large for an event.") from None
    except (EventInvalidError, OutputUnserializableError) as error:
        raise RefusedError(422, "invalid", _reason(error)) from error


def _events(source: Source, delivery: Delivery) -> Sequence[Event]:
    if source.event_of is None:
        return [_event(source, delivery)]
    mapped = source.event_of(delivery)
    if mapped is None:
        return []
    events = [mapped] if isinstance(mapped, Event) else list(mapped)
    known = source.scheme.id_of(delivery)
    if not known:
        return events
    return [
        one if one.id else replace(one, id=known if number == 0 else f"{known}:{number}")
        for number, one in enumerate(events)
    ]


def _event(source: Source, delivery: Delivery) -> Event:
    data = delivery.data
    if not isinstance(data, dict):
        raise RefusedError(422, "invalid", "The body must be a JSON object.")
    kind = source.scheme.kind_of(delivery)
    if not kind:
        raise RefusedError(422, "invalid", "The delivery does not say what happened.")
    return Event(name=f"{source.name}/{kind}", data=data, id=source.scheme.id_of(delivery))


def _reason(error: EventInvalidError | OutputUnserializableError) -> str:
    """Say what is wrong, without the values: names of the sender's own choice might be among them."""
    if isinstance(error, EventInvalidError):
        return f"The event's {error.field} cannot be stored."
    return "The data hold what cannot be stored: text with NUL or half a surrogate, or too deep a nest."
