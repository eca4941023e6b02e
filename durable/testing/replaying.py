"""Feeding the history of a run to today's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from durable import codec
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.engine.call import call
from durable.engine.options import Options
from durable.engine.verdict import encoded
from durable.errors import LimitExceededError, OutputUnserializableError
from durable.playback.failure import Failure, found
from durable.playback.interrupt import Stepped
from durable.playback.outcome import Finished, Interrupted, Outcome, Raised
from durable.playback.tape import Tape
from durable.testing.history import History, read
from durable.testing.reader import Reader

Sides = tuple[str, str]  # what the history has, what the code did

_WIDEST = 60


def replay_test(
    exported_run: Mapping[str, Any] | Path, *, function: Function | str | None = None
) -> None:
    """Hold today's code against a run that was recorded: it has to ask for the same steps, and to end alike.

    No body of a step is run, and no database needed. A run that was still going when it was exported may
    go on as it likes, from where it was.

    Args:
        exported_run: what `manage.py durable_show RUN --format json` printed, read or as a file.
        function: what to hold against it; the function of its name if left out.

    Raises:
        AssertionError: they differ. The message shows both sides.
        FunctionNotFoundError: there is no such function.
        ValueError: it is no exported run.
    """
    history = read(exported_run)
    if not isinstance(function, Function):
        function = registry.get(function or history.function)
    reader = Reader(history)
    outcome = _replay(function, reader)
    if is_different(reader, outcome, function):
        raise AssertionError(_shown(reader, outcome, function))


def _replay(function: Function, reader: Reader) -> Outcome:
    """Call the function until it ends, or comes to the end of the history."""
    # The branches of a sync group are all asked what they need only while a wave is new.
    memos = dict(reader.history.memos) if function.is_async else {}

    def events() -> list[Any]:
        return [deepcopy(reader.history.event)] if reader.history.event else []

    while True:
        reader.tape = Tape(
            memos=memos,
            performer=reader,
            mode=Options.of(function).mode,
            branches={key: step.branch for key, step in reader.history.steps.items()},
        )
        outcome = call(function, reader.tape, reader.history.run, events, is_dry=True)
        if not (isinstance(outcome, Interrupted) and isinstance(outcome.signal, Stepped)):
            return outcome


def is_different(reader: Reader, outcome: Outcome, function: Function) -> bool:
    """Whether the code did something else than the history has.

    A step that it asked for beyond that, and could end without, is one that it gave up.
    """
    history = reader.history
    if history.steps.keys() - reader.requests.keys():
        return True
    if any(one != other for one, other in _kinds(reader)):
        return True
    if history.is_final:
        return _end_of_history(history) != _end_of(outcome, function)
    return isinstance(outcome, Raised) and outcome.failure.name not in history.tries


def _kinds(reader: Reader) -> Iterator[Sides]:
    for key, step in reader.history.steps.items():
        if key in reader.requests and step.kind != "stub":
            yield step.kind, reader.requests[key].op


def _end_of_history(history: History) -> str:
    if history.failure is not None:
        return f"raised {history.failure['name']}: {history.failure['message']}"
    return f"returned {_text(history.result)}" if history.is_final else f"is {history.status}"


def _end_of(outcome: Outcome, function: Function) -> str:
    match outcome:
        case Finished(value):
            try:
                text = encoded(value, f"the result of function {function.id!r}", function.output)
            except (OutputUnserializableError, LimitExceededError) as error:
                return _end_of(Raised(found(error)), function)
            return f"returned {_text(codec.decode(text))}"
        case Raised(failure):
            return f"raised {failure.name}: {failure.message}"
        case Interrupted():
            return "asked for more than was recorded"


def _text(value: Any) -> str:
    return codec.encode(value, what="a result", limit=1 << 30, setting="", depth=1000)


def _shown(reader: Reader, outcome: Outcome, function: Function) -> str:
    rows = [("history", "today's code"), *_steps(reader)]
    rows.append((_end_of_history(reader.history), _end_of(outcome, function)))
    width = min(max(len(left) for left, _ in rows), _WIDEST)
    lines = [_line(left, right, width) for left, right in rows]
    head = f"Function {function.id!r} does not do what run {reader.history.run} has recorded:"
    stack = _stack(outcome.failure) if isinstance(outcome, Raised) else ""
    return "\n".join([head, "", *lines]) + stack


def _line(left: str, right: str, width: int) -> str:
    mark = " " if left == right or left == "history" else "≠"
    return f"  {mark} {left:<{width}}  {right}".rstrip()


def _steps(reader: Reader) -> Iterator[Sides]:
    """Yield the steps of both sides, equal ones beside each other."""
    had = [_named(s.title, s.branch, s.kind) for s in reader.history.steps.values()]
    asked = [_named(r.title, r.branch, r.op) for r in reader.requests.values()]
    for tag, a, b, c, d in SequenceMatcher(None, had, asked, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(had[a:b], asked[c:d], strict=True)
        else:
            yield from ((one, "-") for one in had[a:b])
            yield from (("-", one) for one in asked[c:d])


def _named(title: str, branch: str, kind: str) -> str:
    return f"{kind} {title!r}" + (f" in branch {branch}" if branch else "")


def _stack(failure: Failure) -> str:
    return f"\n\n{failure.stack}".rstrip()
