"""Atomic steps: what the body writes and the record of its result are one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, TypeVar

from django.db import connections, transaction

from durable.errors import StepMisuseError
from durable.playback.body import Ran
from durable.playback.failure import Failure
from durable.store import Store
from durable.store.rows import Result

T = TypeVar("T")

logger = logging.getLogger("durable.engine")

_READS = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SHOW", "EXPLAIN", "WITH")


class _UndoneError(Exception):
    """Rolls back what a body wrote that failed."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def atomically(
    store: Store,
    run: Callable[[], Ran],
    judge: Callable[[Ran], Result],
    write: Callable[[Result], T],
) -> tuple[Result, T]:
    """Run a body and write its result in one transaction; a failure is written in one of its own.

    Args:
        store: whose database both write to.
        run: the body.
        judge: says what is to be recorded of it.
        write: records that. What it raises rolls the body back too.

    Returns:
        The result, and what `write` returned.
    """
    done: list[tuple[Result, T]] = []
    committed: list[bool] = []
    try:
        with ExitStack() as others, transaction.atomic(store.alias):
            transaction.on_commit(lambda: committed.append(True), using=store.alias)
            _refuse_others(store.alias, others)
            result = judge(_whole(store, run()))
            if result.failure is not None:
                raise _UndoneError(result)
            done.append((result, write(result)))
    except _UndoneError as undone:
        return undone.result, write(undone.result)
    except Exception:
        if not committed:
            raise
        logger.exception("what was to be done after an atomic step's commit failed")
    return done[0]


def _refuse_others(alias: str, stack: ExitStack) -> None:
    """Keep the body from writing to databases that would not commit with the record."""
    for connection in connections.all():
        if connection.alias != alias:
            stack.enter_context(connection.execute_wrapper(_read_only))


def _read_only(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    if sql.lstrip().upper().startswith(_READS):
        return execute(sql, params, many, context)
    raise StepMisuseError(
        f"An atomic step wrote to the database {context['connection'].alias!r}, which does not commit "
        "together with its record. Do that in a step of its own, without atomic=True."
    )


def _whole(store: Store, ran: Ran) -> Ran:
    """Fail a body that caught an error of the database: its transaction can no longer be committed."""
    if ran.failure is None and store.connection.needs_rollback:
        error = StepMisuseError(
            f"The body of atomic step {ran.request.title!r} caught an error of the database, so what it "
            "wrote cannot be committed. Put what may fail into `with transaction.atomic():` of its own."
        )
        return replace(ran, value=None, failure=Failure.of(error))
    return ran
