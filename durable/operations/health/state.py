"""What of the database's state is a concern."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from durable.engine.words import span
from durable.operations.health.values import Concern, Level, Limits
from durable.store.condition import Condition

_FULL = 0.9  # of the sessions that are allowed
_DEAD = 2  # dead rows for each living one, of a table of some size
_SIZE = 10_000


def state_of(database: Condition, limits: Limits) -> Iterator[Concern]:
    """Judge what the database says of itself."""
    if database.is_replica:
        yield Concern(
            code="replica",
            level=Level.CRITICAL,
            text=_("The database takes no writes: it is a replica, or read-only."),
            advice=_("Point DURABLE['DATABASE'], or the database router, to the primary."),
        )
    if database.has_safe_commits is False:
        yield Concern(
            code="unsafe-commits",
            level=Level.WARNING,
            text=_("A confirmed commit may be lost in a crash: %(setting)s.")
            % {"setting": database.commits},
            advice=_(
                "Set it back, unless you can lose the newest events and results; steps whose "
                "results are lost run again."
            ),
        )
    yield from _transactions(database, limits)
    yield from _sessions(database)
    if database.ahead is not None and abs(database.ahead) > limits.clock:
        yield Concern(
            code="clocks",
            level=Level.WARNING,
            text=_("The database's clock and this machine's are %(time)s apart.")
            % {"time": span(abs(database.ahead))},
            advice=_(
                "Nothing is decided by this machine's clock, but times shown and times you reckon "
                "with datetime.now() differ. Have both follow a time server."
            ),
        )


def _transactions(database: Condition, limits: Limits) -> Iterator[Concern]:
    oldest = database.oldest_transaction
    if oldest is not None and oldest > limits.transaction:
        yield Concern(
            code="old-transaction",
            level=Level.WARNING,
            text=_("A transaction has been open for %(time)s.") % {"time": span(oldest)},
            advice=_(
                "While it is open, old versions of rows stay and each claim gets slower. Find it "
                "(pg_stat_activity, or innodb_trx) and end it; set "
                "idle_in_transaction_session_timeout."
            ),
        )
    for table, dead in (database.dead_rows or {}).items():
        if dead > _SIZE and dead > _DEAD * (database.rows or {}).get(table, 0):
            yield Concern(
                code="dead-rows",
                level=Level.WARNING,
                text=_("%(table)s has %(count)d dead rows.") % {"table": table, "count": dead},
                advice=_(
                    "VACUUM it, and see that autovacuum is on and no old transaction or "
                    "replication slot holds it up."
                ),
            )


def _sessions(database: Condition) -> Iterator[Concern]:
    sessions, most = database.sessions, database.most_sessions
    if sessions is None or most is None or sessions < _FULL * most:
        return
    yield Concern(
        code="sessions",
        level=Level.WARNING,
        text=_("%(sessions)d of %(most)d sessions of the database are in use.")
        % {"sessions": sessions, "most": most},
        advice=_(
            "Raise max_connections, or run fewer processes. A worker needs up to three sessions, "
            "and each cluster two more."
        ),
    )
