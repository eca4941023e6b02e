"""What is true of the tables at every commit, looked for and, where that is safe, put right."""

from __future__ import annotations

from durable.operations.verify.invariant import Breach, Invariant
from durable.operations.verify.invariants import INVARIANTS
from durable.operations.verify.look import Report, verify

__all__ = ["INVARIANTS", "Breach", "Invariant", "Report", "verify"]
