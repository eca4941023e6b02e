"""All that can be seen in the tables."""

from __future__ import annotations

from durable.operations.verify import runs, steps, waits

INVARIANTS = (*runs.INVARIANTS, *steps.INVARIANTS, *waits.INVARIANTS)
