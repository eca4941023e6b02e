"""Waits, with the look for them written out: it is taken for each event that comes."""

from __future__ import annotations

from collections.abc import Sequence

from durable.models import Event, Wait
from durable.store.executor import retried
from durable.store.sql import Sql, as_uuid
from durable.store.waits import Waits

FIND = """
SELECT {w.id}, {w.run}, {w.step}, {w.path}, {w.match}, {w.rest} FROM {W}
WHERE {w.event} = %s AND {w.match} IN ({keys}) AND {w.id} > %s AND {w.id} <= %s
 AND ({w.expires} IS NULL OR {w.expires} > %s)
ORDER BY {w.id} LIMIT %s
"""


class SqlWaits(Sql, Waits):
    """Fast finding; the rest is the plain ORM's."""

    @retried
    def find(
        self, event: Event, keys: Sequence[str], after: int, last: int, limit: int
    ) -> list[Wait]:
        """Return a page of the open waits for an event, with one of these keys."""
        values = (event.name, *keys, after, last, event.received, limit)
        rows = self.ask(FIND, *values, keys=", ".join(["%s"] * len(keys)))
        return [
            Wait(id=pk, run_id=as_uuid(run), step_id=step, path=path, match=match, rest=rest)
            for pk, run, step, path, match, rest in rows
        ]
