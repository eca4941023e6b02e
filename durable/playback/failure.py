"""What is kept of an exception: code, name, message, stack; and what it says about trying again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from traceback import StackSummary, TracebackException, walk_stack
from types import FrameType

from durable.errors import DurableError, RetryAfterError, StepError

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_LONGEST = 16_000

FATAL = frozenset(
    {
        "step_nested",
        "step_unexpected",
        "step_outside_run",
        "interrupt_swallowed",
        "output_mismatch",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An exception as stored. `retry_after` is the earliest time the author allows, if any."""

    code: str
    name: str
    message: str
    stack: str = ""
    is_retriable: bool = True
    retry_after: datetime | None = None
    quiet: bool = False
    is_of_step: bool = False  # it was raised for a step that had failed before

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe an exception raised by user code."""
        if isinstance(error, StepError):
            return cls._of_step_error(error)
        if isinstance(error, BaseExceptionGroup):
            return cls._of_group(error)
        return cls(
            code=error.code if isinstance(error, DurableError) else "unknown",
            name=type(error).__name__,
            message=_message(error),
            stack=_stack(error),
            is_retriable=not isinstance(error, DurableError) or error.is_retriable,
            retry_after=error.retry_after if isinstance(error, RetryAfterError) else None,
            quiet=getattr(error, "quiet", False) is True,
        )

    @classmethod
    def _of_group(cls, group: BaseExceptionGroup[BaseException]) -> Failure:
        """A group of one is that one; a larger group is tried again if all in it may be."""
        leaves = [cls.of(error) for error in group.exceptions]
        if len(leaves) == 1:
            return replace(leaves[0], stack=_stack(group))
        times = [leaf.retry_after for leaf in leaves if leaf.retry_after is not None]
        said = "; ".join(f"{leaf.name}: {leaf.message}" for leaf in leaves)
        return cls(
            code="unknown",
            name=type(group).__name__,
            message=storable(f"{_message(group)}: {said}"),
            stack=_stack(group),
            is_retriable=all(leaf.is_retriable for leaf in leaves),
            retry_after=max(times, default=None),
        )

    @classmethod
    def _of_step_error(cls, error: StepError) -> Failure:
        return cls(
            code=error.code,
            name=error.name,
            message=storable(error.message),
            stack=storable(error.stack or "") or _stack(error),
            is_retriable=False,
            is_of_step=True,
        )

    @classmethod
    def of_json(cls, value: dict[str, str]) -> Failure:
        """Read back a stored failure."""
        return cls(
            code=value.get("code", ""),
            name=value.get("name", ""),
            message=value.get("message", ""),
            stack=value.get("stack", ""),
            is_retriable=False,
        )

    def to_json(self) -> dict[str, str]:
        """Return what is stored."""
        return {"code": self.code, "name": self.name, "message": self.message, "stack": self.stack}

    @property
    def step_code(self) -> str:
        """The code a `StepError` for this failure bears."""
        return "step_errored" if self.code == "unknown" else self.code

    @property
    def is_fatal(self) -> bool:
        """Whether the run cannot go on, even if the author catches the step's error."""
        return self.code in FATAL


def place_of(frame: FrameType | None) -> str:
    """Describe where a thread is at the moment, without durable's own lines."""
    stack = reversed([*walk_stack(frame)]) if frame else []
    found = StackSummary.extract(place for place in stack)
    own = [line for line in found if not line.filename.startswith(_PACKAGE)]
    return storable("".join(StackSummary.from_list(own).format()))


def found(error: DurableError) -> Failure:
    """Describe an error found by the engine rather than raised in user code: it has no stack."""
    if isinstance(error, StepError):
        return Failure.of(error)
    return Failure(
        code=error.code, name=type(error).__name__, message=storable(str(error)), is_retriable=False
    )


def storable(text: str) -> str:
    """Return `text` with what no database takes (NUL, lone surrogates) made visible, and shortened."""
    if text.isascii() and "\0" not in text and len(text) <= _LONGEST:
        return text
    text = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def _message(error: BaseException) -> str:
    try:
        notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
        return storable("; ".join([str(error), *notes]))
    except Exception:  # noqa: BLE001 - its own fault
        return f"<{type(error).__name__}.__str__() failed>"


def _stack(error: BaseException) -> str:
    described = TracebackException.from_exception(error)
    _drop_own_frames(described)
    return storable("".join(described.format()))


def _drop_own_frames(described: TracebackException) -> None:
    own = [frame for frame in described.stack if not frame.filename.startswith(_PACKAGE)]
    described.stack = StackSummary.from_list(own)
    linked = [described.__cause__, described.__context__, *(described.exceptions or ())]
    for other in linked:
        if other is not None:
            _drop_own_frames(other)
