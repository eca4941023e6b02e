"""One file a figure. Each has `measure(stage)`, which yields rows of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure, known before Django is set up.

    Args:
        name: of its module here.
        brokers: under which it is measured.
    """

    name: str
    brokers: tuple[str, ...] = ("durable",)


# What drives runs in this process comes first: no cluster may be there to claim them.
FIGURES = (
    Figure(name="storage"),
    Figure(name="checkpoint"),
    Figure(name="sequence"),
    Figure(name="gather"),
    Figure(name="waits"),
    Figure(name="admin"),
    Figure(name="parallel", brokers=("durable", "orm", "redis")),
    Figure(name="latency", brokers=("durable", "orm", "redis")),
    Figure(name="lateness", brokers=("durable", "orm", "redis")),
    Figure(name="throughput"),
    Figure(name="memory"),
    Figure(name="sleeping"),
    Figure(name="recovery"),
    Figure(name="api"),  # last: nobody drives the runs that it starts
)
