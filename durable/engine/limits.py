"""What a run may not do: too many steps, too large a state, a step in the wrong place."""

from __future__ import annotations

from collections.abc import Iterable

from durable.conf import conf
from durable.engine.abandoned import depth
from durable.errors import LimitExceededError, StepError, StepMisuseError
from durable.playback.interrupt import Halted
from durable.playback.memo import Memo
from durable.playback.request import Request
from durable.store import Store
from durable.store.rows import RunClaim


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


def check_transaction(store: Store, allowed: int, request: Request) -> None:
    """Raise when a step is called inside a transaction that the function opened."""
    if depth(store.connection) > allowed:
        raise Halted(
            StepMisuseError(
                f"Step {request.title!r} was called inside transaction.atomic(). Its result would "
                "vanish if the transaction rolled back. Open the transaction within the step's body."
            )
        )


def check_body(store: Store, allowed: int, request: Request) -> None:
    """Raise when the body of a step left a transaction open: its result must not be written there."""
    if depth(store.connection) > allowed:
        raise Halted(
            StepMisuseError(
                f"The body of step {request.title!r} left a transaction open, which was rolled back: "
                "nothing was ever to commit it. Write `with transaction.atomic():`, which ends where "
                "its block ends."
            )
        )


def check_not_ended(store: Store, run: RunClaim, request: Request) -> None:
    """Raise when an atomic step has ended its own run: its record would undo that again."""
    if store.runs.rows.filter(pk=run.id, claim=run.claim).exclude(ended=None).exists():
        raise Halted(
            StepMisuseError(
                f"Atomic step {request.title!r} cancelled its own run. Neither can be committed without "
                "the other: cancel it in a step that is not atomic, or return from the function."
            )
        )


def raise_if_fatal(memos: Iterable[Memo]) -> None:
    """Raise when a step failed in a way that no code of the function may catch."""
    for memo in memos:
        if memo.failure is not None and memo.failure.is_fatal:
            failure = memo.failure
            raise Halted(StepError(failure.message, failure.name, failure.stack, failure.code))
