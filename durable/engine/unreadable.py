"""An event whose row is damaged: what needs it fails with this, at once and for good."""

from __future__ import annotations

from typing import Any

from durable import codec
from durable.errors import DurableError


class EventUnreadableError(DurableError):
    """The data of an event is no JSON any more. The message names the event and the place in its data."""

    code = "event_unreadable"
    is_retriable = False


def data_of(text: str, name: str, own_id: str) -> Any:
    """Return the decoded data of an event.

    Raises:
        EventUnreadableError: it is no JSON.
    """
    try:
        return codec.decode(text)
    except (ValueError, RecursionError) as error:
        raise EventUnreadableError(
            f"Its event cannot be read: the data of {name} {own_id} is no JSON ({error}). Nothing in "
            "durable writes such data; `manage.py durable_verify` tells what else is damaged."
        ) from None
