"""How the site is: who works, what waits, what is stuck, and what to do about it.

`look` asks; what it returns is plain values, for the admin, `manage.py durable_health` and programs.
"""

from __future__ import annotations

from durable.operations.health.facts import facts
from durable.operations.health.look import look
from durable.operations.health.values import (
    Backlog,
    Broker,
    Cluster,
    Concern,
    Counted,
    Health,
    Level,
    Limits,
    PutOff,
    Queue,
    Seen,
    Stuck,
    Version,
)

__all__ = [
    "Backlog",
    "Broker",
    "Cluster",
    "Concern",
    "Counted",
    "Health",
    "Level",
    "Limits",
    "PutOff",
    "Queue",
    "Seen",
    "Stuck",
    "Version",
    "facts",
    "look",
]
