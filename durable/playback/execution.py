"""One call of a sync function."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from durable.playback.cursor import CURSOR
from durable.playback.failure import Failure, found
from durable.playback.interrupt import Halted, Interrupt
from durable.playback.misuse import swallowed
from durable.playback.outcome import Finished, Interrupted, Outcome, Raised
from durable.playback.tape import Tape


def execute(call: Callable[[], Any], tape: Tape) -> Outcome:
    """Call the function and say what came of it."""
    context = copy_context()  # what the code sets there is not for the next run
    context.run(CURSOR.set, tape.root)
    try:
        outcome = context.run(_call, call)
    finally:
        tape.is_closed = True
    return judge(outcome, tape)


def judge(outcome: Outcome, tape: Tape) -> Outcome:
    """Overrule an outcome that is not durable."""
    signal = tape.root.interrupt
    if tape.misuse is None and isinstance(signal, Halted):
        tape.misuse = signal.error
    elif tape.misuse is None and signal and not isinstance(outcome, Interrupted):
        tape.misuse = swallowed(tape.root.title, "and ended as if nothing had happened")
    return outcome if tape.misuse is None else Raised(found(tape.misuse))


def _call(call: Callable[[], Any]) -> Outcome:
    try:
        return Finished(call())
    except Halted as signal:
        return Raised(found(signal.error))
    except Interrupt as signal:
        return Interrupted(signal)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and stranger ones
        return Raised(Failure.of(error))
