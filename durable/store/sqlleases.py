"""What is due next, written out."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from durable.store.executor import retried
from durable.store.leases import Leases, Lines
from durable.store.rows import Due
from durable.store.sql import Sql

_OPEN = "{s.status} IN ('pending', 'running')"

DUE = (
    "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM {R} WHERE {r.due_at} <= {now} LIMIT {limit}) AS x)"
    " + (SELECT COUNT(*) FROM (SELECT 1 FROM {S} WHERE {s.due_at} <= {now} AND "
    + _OPEN
    + " LIMIT {limit}) AS y)"
    " + (SELECT COUNT(*) FROM (SELECT 1 FROM {E} WHERE {e.route_at} <= {now} LIMIT {limit}) AS z)"
    " + (SELECT COUNT(*) FROM (SELECT 1 FROM {R} WHERE {r.deadline} <= {now} LIMIT {limit}) AS o)"
    "{ticks},"
    " (SELECT {next_deadline} FROM {R} WHERE {r.deadline} IS NOT NULL"
    " ORDER BY {r.deadline} LIMIT 1),"
    " (SELECT {next_run} FROM {R} WHERE {r.due_at} IS NOT NULL ORDER BY {r.due_at} LIMIT 1),"
    " (SELECT {next_step} FROM {S} WHERE {s.due_at} IS NOT NULL AND "
    + _OPEN
    + " ORDER BY {s.due_at} LIMIT 1){next_tick}"
)
TICKS = " + (SELECT COUNT(*) FROM {T} WHERE {t.due_at} <= {now} AND ({lines}))"
NEXT_TICK = ", (SELECT {next} FROM {T} WHERE {lines} ORDER BY {t.due_at} LIMIT 1)"
LINE = "({t.function} = %s AND {t.cron} = %s)"
RENEW_RUN = (
    "UPDATE {R} SET {r.due_at} = {lease} "
    "WHERE {r.id} = %s AND {r.claim} = %s AND {r.status} = 'running'"
)
RENEW_STEP = (
    "UPDATE {S} SET {s.due_at} = {lease} "
    "WHERE {s.id} = %s AND {s.claim} = %s AND {s.status} = 'running'"
)


class SqlLeases(Sql, Leases):
    """Fast polls and renewals."""

    def due(self, limit: int, lines: Lines = ()) -> Due:
        """Count claimable rows up to `limit`; say in how many seconds the next comes due."""
        parts = {
            "limit": str(int(limit)),
            "next_deadline": self.until("{r.deadline}"),
            "next_run": self.until("{r.due_at}"),
            "next_step": self.until("{s.due_at}"),
            **self._ticks(lines),
        }
        named = [word for line in lines for word in line]
        ((count, *waits),) = self.ask(DUE, *named, *named, **parts)
        known = [float(wait) for wait in waits if wait is not None]
        return Due(min(int(count), limit), min(known, default=None))

    def _ticks(self, lines: Lines) -> dict[str, str]:
        if not lines:
            return {"ticks": "", "next_tick": ""}
        these = " OR ".join([self.text(LINE)] * len(lines))
        following = self.until("{t.due_at}")
        return {
            "ticks": self.text(TICKS, lines=these),
            "next_tick": self.text(NEXT_TICK, lines=these, next=following),
        }

    @retried
    def shorten(self, runs: Mapping[UUID, int], steps: Mapping[int, int], seconds: float) -> None:
        """Have the leases of work that is given up end in `seconds`."""
        lease = self.at(seconds)
        for run, claim in sorted(runs.items()):
            self.tell(RENEW_RUN, run, claim, lease=lease)
        for step, claim in sorted(steps.items()):
            self.tell(RENEW_STEP, step, claim, lease=lease)
