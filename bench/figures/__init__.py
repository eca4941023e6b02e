"""One file a figure. Each has `measure(stage)`, which yields rows of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure, known before Django is set up.

    Args:
        name: of its module here.
        brokers: under which it is measured.
        is_load: whether it takes minutes, and so is measured only when it is asked for.
    """

    name: str
    brokers: tuple[str, ...] = ("durable",)
    is_load: bool = False


# What drives runs in this process comes first: no cluster may be there to claim them.
FIGURES = (
    Figure(name="million", is_load=True),
    Figure(name="storage"),
    Figure(name="checkpoint"),
    Figure(name="sequence"),
    Figure(name="gather"),
    Figure(name="waits"),
    Figure(name="fanout"),
    Figure(name="admin"),
    Figure(name="parallel", brokers=("durable", "orm", "redis")),
    Figure(name="latency", brokers=("durable", "orm", "redis")),
    Figure(name="lateness", brokers=("durable", "orm", "redis")),
    Figure(name="throughput"),
    Figure(name="memory"),
    Figure(name="sleeping"),
    Figure(name="recovery"),
    Figure(name="backlog", is_load=True),
    Figure(name="payloads", is_load=True),
    Figure(name="retention", is_load=True),
    Figure(name="snapshot", is_load=True),
    Figure(name="small", is_load=True),
    Figure(name="fairness", is_load=True),
    Figure(name="soak", is_load=True),
    Figure(name="api"),  # last: nobody drives the runs that it starts
)
