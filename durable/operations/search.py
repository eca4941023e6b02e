"""Finding runs by what people have in hand: an id, its beginning, or a key of the sender's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q

from durable.authoring.registry import registry
from durable.engine.ingest import dedupe_key as key_of_event
from durable.engine.terms import key_of_value
from durable.models import Event
from durable.store.distinct import distinct

LEAST = 8  # characters of the beginning of an id
_LONGEST = 500
_NAMES = 1000  # of events, under which an id is looked for
_BEGINNING = re.compile(r"[0-9a-f]{8,32}")


def matching(alias: str, text: str, tenant: str = "") -> Q | None:
    """Return a condition on runs, by indexes alone; None if the text can be nobody's.

    Args:
        alias: of the database.
        text: the id of a run or of the event that started it, or its beginning, of a run; the id that
            the sender gave to the event; the value for which the run counts once (`idempotency`).
        tenant: of the events and runs whose keys are meant, if they have one.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    bare = text.replace("-", "").lower()
    try:
        whole = UUID(bare)
    except ValueError:
        pass
    else:
        return Q(pk=whole) | Q(event=whole) | _by_key(alias, text, tenant)
    by_key = _by_key(alias, text, tenant)
    beginning = by_beginning(text)
    return by_key if beginning is None else by_key | beginning


def by_beginning(text: str, field: str = "pk") -> Q | None:
    """Return a condition on a field that is an id, or None if the text is neither one nor its beginning."""
    bare = text.strip().replace("-", "").lower()
    if not _BEGINNING.fullmatch(bare):
        return None
    first, last = UUID(bare.ljust(32, "0")), UUID(bare.ljust(32, "f"))
    return Q(**{f"{field}__gte": first, f"{field}__lte": last})


def _by_key(alias: str, text: str, tenant: str) -> Q:
    once = [function.id for function in registry if function.idempotency]
    keys = [key_of_value(name, value, tenant) for name in once for value in _read(text)]
    # By the names that there are: which function listens does not say what an event is called.
    names = distinct(alias, Event, "name", _NAMES)
    sent = [key_of_event(name, text, tenant) for name in names]
    events = Event.objects.using(alias).filter(dedupe_key__in=sent).values_list("pk", flat=True)
    return Q(dedupe_key__in=keys) | Q(event__in=list(events))


def _read(text: str) -> Iterator[object]:
    """Yield what a person may mean: 7 is the number, or the text."""
    yield text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(value, str) and value is not None:
        yield value
