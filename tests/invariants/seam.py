"""The places where every statement and every commit of a connection can be seen, and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Hit = Callable[[str, Callable[[], Any]], Any]


@contextmanager
def seen(hit: Hit) -> Iterator[None]:
    """Pass each statement and commit of this thread's connection through `hit(label, do)`."""
    connection = connections[DEFAULT_DB_ALIAS]
    commit = connection._commit  # type: ignore[attr-defined]  # the one place all commits pass

    def execute(say: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        return hit(sql, lambda: say(sql, params, many, context))

    setattr(connection, "_commit", lambda: hit("COMMIT", commit))  # noqa: B010
    try:
        with connection.execute_wrapper(execute):
            yield
    finally:
        delattr(connection, "_commit")
