"""What is done around each body of a step: nothing, unless somebody watches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Around = Callable[[str, int], AbstractContextManager[object]]  # the title, the failed tries so far

_around: Around | None = None


def watch(around: Around | None) -> None:
    """Have this entered around each body, from now on; None for nothing."""
    global _around
    _around = around


def body(title: str, attempt: int) -> AbstractContextManager[object]:
    """Return what to enter around a body."""
    return nullcontext() if _around is None else _around(title, attempt)
