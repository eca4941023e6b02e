"""Who works: the processes that told of themselves lately, by cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Case, F, When

from durable.conf import conf
from durable.models import Worker
from durable.operations.health.values import Cluster, Seen
from durable.store.clock import database_in, until

BEATS = 3  # that a worker may miss
MOST = 500


def workers(alias: str) -> list[Any]:
    """Fetch who was seen in the last minutes, the newest sighting first; `known` only of who is there."""
    there = When(seen__gte=database_in(-BEATS * conf.HEARTBEAT), then=F("functions"))
    seen = Worker.objects.using(alias).defer("functions").annotate(left=until("seen"))
    return list(seen.annotate(known=Case(there)).order_by("-seen")[:MOST])


def clusters(rows: Sequence[Any]) -> tuple[Cluster, ...]:
    """Return the clusters that the workers are of, in their order."""
    found: dict[tuple[str, str, int, bool], list[Seen]] = defaultdict(list)
    for row in rows:
        silent = round(-row.left.total_seconds(), 3)
        found[row.cluster, row.host, row.parent, row.is_supervised].append(
            Seen(
                owner=row.owner,
                host=row.host,
                pid=row.pid,
                version=row.version,
                started=row.started,
                silent=silent,
                is_alive=silent <= BEATS * conf.HEARTBEAT,
                hints=row.hints,
                claims=row.claims,
                rate=row.rate,
            )
        )
    return tuple(
        Cluster(name=name, host=host, parent=parent, is_supervised=supervised, workers=tuple(seen))
        for (name, host, parent, supervised), seen in found.items()
    )
