"""A run by what a person has of its id."""

from __future__ import annotations

import string
from collections.abc import Sequence
from uuid import UUID

from django.core.management import CommandError
from django.db.models import QuerySet

from durable.models import Run
from durable.store import get_store

# The least and the greatest UUIDv7: what fills up the beginning of one.
_LEAST = "00000000000070008000000000000000"
_MOST = "ffffffffffff7fffbfffffffffffffff"
_SHOWN = 5


def find_run(text: str) -> Run:
    """Return the run with this id, or the only one whose id begins or ends with it.

    Raises:
        CommandError: no run, or several.
    """
    known = text.strip().lower().replace("-", "")
    if not known or len(known) > 32 or set(known) - set(string.hexdigits):
        raise CommandError(f"{text!r} is not an id of a run, nor its beginning or end.")
    found = _take(_beginning(known)) or _take(_ending(known))
    if not found:
        raise CommandError(
            f"No run has the id {text!r}, or one that begins or ends with it. "
            "`manage.py durable_list` shows the newest."
        )
    if len(found) > 1:
        shown = "\n".join(f"  {run.pk}  {run.function}" for run in found[:_SHOWN])
        more = "\n  …" if len(found) > _SHOWN else ""
        raise CommandError(f"Several runs have an id like {text!r}:\n{shown}{more}")
    return found[0]


def _take(rows: QuerySet[Run]) -> Sequence[Run]:
    return list(rows.order_by("-pk")[: _SHOWN + 1])


def _runs() -> QuerySet[Run]:
    return Run.objects.using(get_store().alias).select_related("event")


def _beginning(known: str) -> QuerySet[Run]:
    least, most = known + _LEAST[len(known) :], known + _MOST[len(known) :]
    return _runs().filter(pk__gte=UUID(least), pk__lte=UUID(most))


def _ending(known: str) -> QuerySet[Run]:
    padded = known.rjust(32, "_")
    parts = (padded[:8], padded[8:12], padded[12:16], padded[16:20], padded[20:])
    return _runs().filter(pk__endswith="-".join(parts).lstrip("_-"))
