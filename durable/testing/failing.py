"""Failed runs as failed tests."""

from __future__ import annotations

from durable.testing.info import RunInfo


def raise_failure_of(run: RunInfo) -> None:
    """Raise AssertionError, with the original traceback as text, if a run has failed."""
    if run.failure is not None:
        raise AssertionError(f"{run}\n\n{run.failure['stack']}".rstrip())
