"""Events that came in while somebody waited for them, and were handed out without reaching him."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from durable.engine.deliver import as_dict, is_met
from durable.engine.unreadable import EventUnreadableError
from durable.expressions.key import keys_of
from durable.models import Event, Wait

# A wait gets what is looked at after it was committed, which is a while after it was written.
_COMMITTED = timedelta(seconds=10)
_PAGE = 500


def missed_by(alias: str, name: str, waits: Sequence[Wait]) -> dict[int, Event]:
    """Return the first event of a name that each wait should have been given, by the wait's number."""
    left = {wait.pk: wait for wait in waits}
    paths = sorted({wait.path for wait in waits if wait.path})
    first = min(wait.created for wait in waits) + _COMMITTED
    found: dict[int, Event] = {}
    for event in _handed_out(alias, name, first):
        if not left:
            break
        try:
            seen = as_dict(event)
        except EventUnreadableError:
            continue  # which is a breach of its own
        keys = keys_of(seen, paths, event.tenant)
        for wait in list(left.values()):
            if _is_in_time(wait, event) and is_met(wait, keys, seen):
                found[wait.pk] = event
                del left[wait.pk]
    return found


def _handed_out(alias: str, name: str, since: Any) -> Iterator[Event]:
    rows = Event.objects.using(alias).filter(name=name, received__gte=since, route_at=None)
    return rows.order_by("received").iterator(chunk_size=_PAGE)


def _is_in_time(wait: Wait, event: Event) -> bool:
    is_open = not wait.was_over_at(event.received)
    return is_open and wait.created + _COMMITTED <= event.received
