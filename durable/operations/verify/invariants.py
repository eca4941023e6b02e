"""All that can be seen in the tables."""

from __future__ import annotations

from durable.operations.verify import people, runs, steps, waits, workers

INVARIANTS = (
    *runs.INVARIANTS,
    *steps.INVARIANTS,
    *waits.INVARIANTS,
    *workers.INVARIANTS,
    *people.INVARIANTS,
)
