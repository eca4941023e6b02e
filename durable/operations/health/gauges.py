"""The health of a site as numbers with names, for whatever keeps and draws numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from durable.operations.health.values import Health, Level

Labels = Mapping[str, str]
KINDS = ("runs", "steps", "timers", "events", "schedules", "deadlines")


@dataclass(frozen=True, slots=True)
class Gauge:
    """One number, or one for each set of labels."""

    name: str
    help: str
    values: tuple[tuple[Labels, float], ...] = field(default=())


def gauges(health: Health) -> Iterator[Gauge]:
    """Say in numbers what was seen. What is due is counted to a thousand of each kind, no further."""
    queues = {queue.kind: queue for queue in health.backlog.queues}
    due = [(kind, queues.get(kind)) for kind in KINDS]
    yield Gauge(
        "durable_due",
        "What is due and not taken, by kind, counted to 1000",
        tuple(({"kind": kind}, float(queue.count if queue else 0)) for kind, queue in due),
    )
    yield Gauge(
        "durable_due_oldest_seconds",
        "For how long the first of each kind has been due",
        tuple(({"kind": kind}, queue.oldest if queue else 0.0) for kind, queue in due),
    )
    yield Gauge(
        "durable_due_by_function",
        "What is due and not taken, by function, of what was counted",
        tuple(({"function": one.function}, float(one.count)) for one in health.backlog.functions),
    )
    yield from _work(health)
    yield from _database(health)


def _work(health: Health) -> Iterator[Gauge]:
    yield _single("durable_workers", "Worker processes that were seen lately", len(health.alive))
    clusters = sum(bool(one.alive) for one in health.clusters)
    yield _single("durable_clusters", "Clusters of which a worker was seen lately", clusters)
    yield _single("durable_claims_per_minute", "Pieces of work taken in a minute", health.rate)
    if health.hints_per_claim is not None:
        yield _single(
            "durable_hints_per_claim",
            "Messages taken for each piece of work, since the workers were started",
            health.hints_per_claim,
        )
    yield _single("durable_stuck_leases", "Leases passed and not taken over", len(health.stuck))
    if health.broker.untaken is not None:
        yield _single("durable_messages", "Messages no worker has taken", health.broker.untaken)
    levels = [concern.level for concern in health.concerns]
    yield Gauge(
        "durable_concerns",
        "Concerns, by level",
        tuple(({"level": level.value}, float(levels.count(level))) for level in Level),
    )


def _database(health: Health) -> Iterator[Gauge]:
    database = health.database
    if database.sessions is not None:
        yield _single("durable_database_sessions", "Sessions of the database", database.sessions)
    if database.oldest_transaction is not None:
        yield _single(
            "durable_database_oldest_transaction_seconds",
            "For how long the oldest transaction has been open",
            database.oldest_transaction,
        )
    yield Gauge(
        "durable_rows",
        "Rows of the tables, as far as the database reckons",
        tuple(({"table": name}, float(rows)) for name, rows in (database.rows or {}).items()),
    )


def _single(name: str, text: str, value: float) -> Gauge:
    return Gauge(name, text, (({}, float(value)),))
