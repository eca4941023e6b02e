"""All that can be seen in the tables."""

from __future__ import annotations

from durable.operations.verify import people, readable, runs, schedules, steps, waits, workers

INVARIANTS = (
    *runs.INVARIANTS,
    *steps.INVARIANTS,
    *waits.INVARIANTS,
    *schedules.INVARIANTS,
    *readable.INVARIANTS,
    *workers.INVARIANTS,
    *people.INVARIANTS,
)
