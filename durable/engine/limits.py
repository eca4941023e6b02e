"""What a run may not do: too many steps, too large a state, a step in the wrong place."""

from __future__ import annotations

from durable.conf import conf
from durable.errors import LimitExceededError, StepError, StepMisuseError
from durable.replay.interrupt import Halted
from durable.replay.request import Request
from durable.store import Store
from durable.store.rows import History


def check_steps(function: str, count: int, last: Request) -> None:
    """Raise when a run would have more steps than allowed."""
    most = conf.MAX_STEPS
    if count > most:
        raise Halted(
            LimitExceededError(
                f"Function {function!r}: step {last.title!r} would be number {count:,} of its run; "
                f"the limit is {most:,} (DURABLE['MAX_STEPS']). Raise it, or split the work.",
                setting="MAX_STEPS",
            )
        )


def check_size(function: str, size: int) -> None:
    """Raise when the results of a run are larger together than allowed."""
    most = conf.MAX_RUN_BYTES
    if size > most:
        raise Halted(
            LimitExceededError(
                f"Function {function!r}: the results of its steps are {size:,} bytes together; the "
                f"limit is {most:,} (DURABLE['MAX_RUN_BYTES']). Store them elsewhere and return "
                "references.",
                setting="MAX_RUN_BYTES",
            )
        )


def check_transaction(store: Store, depth: int, request: Request) -> None:
    """Raise when a step is called inside a transaction that the function opened."""
    connection = store.connection
    if len(connection.savepoint_ids) + connection.in_atomic_block > depth:
        raise Halted(
            StepMisuseError(
                f"Step {request.title!r} was called inside transaction.atomic(). Its result would "
                "vanish if the transaction rolled back. Open the transaction within the step's body."
            )
        )


def raise_if_fatal(history: History) -> None:
    """Raise when a step failed in a way that no code of the function may catch."""
    for memo in history.memos.values():
        if memo.failure is not None and memo.failure.is_fatal:
            failure = memo.failure
            raise Halted(StepError(failure.message, failure.name, failure.stack, failure.code))
