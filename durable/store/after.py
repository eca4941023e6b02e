"""What is done once a transaction has committed, and must not make that look as if it had failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction


def after_commit(alias: str, do: Callable[..., object], *args: Any, **named: Any) -> None:
    """Do something after the commit, at once if no transaction is open. What it raises is only logged.

    Django logs it by the function's name, which a `partial` has not got: then that would be raised.
    """

    def done() -> None:
        do(*args, **named)

    done.__qualname__ = getattr(do, "__qualname__", type(do).__name__)
    transaction.on_commit(done, alias, robust=True)
