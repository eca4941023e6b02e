"""A connection that is lost as a commit is made, so that nobody knows whether it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError

from durable.models import Run
from tests.invariants.seam import seen


@contextmanager
def lost_commit() -> Iterator[list[str]]:
    """Lose the connection at the first commit that has a run; give the list that says it was lost."""
    commits: list[str] = []

    def lose(label: str, do: Any) -> Any:
        is_the_one = label == "COMMIT" and not commits and Run.objects.exists()
        made = do()
        if is_the_one:
            commits.append(label)
            raise OperationalError("nobody knows")
        return made

    with seen(lose):
        yield commits
