"""What a function asks for when it calls a step."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from durable.typed.output import OutputType


class ParallelMode(enum.StrEnum):
    """How a parallel group moves on.

    WAIT: when all planned steps of the wave have ended. RACE: after each of them.
    """

    WAIT = "wait"
    RACE = "race"


@dataclass(frozen=True, slots=True)
class Work:
    """A function to call.

    Args:
        call: the body of the step.
        args: what it is called with.
        retries: tries after the first; None for as many as the function says.
        is_atomic: record the result in the transaction in which the body writes.
        timeout: seconds that a try may take; None for as long as it likes.
        op: the kind of step, for people.
        output_type: of the result; None for plain JSON.
        read: makes of the remembered value what the author gets.
        each: what `call` calls with each of its last argument's items; None if that is one argument.
    """

    call: Callable[..., Any]
    args: tuple[Any, ...] = ()
    retries: int | None = None
    is_atomic: bool = False
    timeout: float | None = None
    op: str = "run"
    output_type: OutputType | None = None
    read: Callable[[Any], Any] | None = None
    each: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Time to pass: so many seconds, or until a moment."""

    seconds: float = 0.0
    until: datetime | None = None
    op: ClassVar[str] = "sleep"
    output_type: ClassVar[None] = None


@dataclass(frozen=True, slots=True)
class EventWait:
    """An event to come, or time to pass, whichever is first.

    Args:
        event: its name.
        timeout: seconds after which the answer is None.
        path: of the value by which it is found; empty for any.
        match: digest of that value.
        rest: what else is asked of it.
        lookback: seconds before the start in which it may have come already.
        read: makes of the remembered value what the author gets.
    """

    event: str
    timeout: float
    path: str = ""
    match: str = ""
    rest: str = ""
    lookback: float | None = None
    read: Callable[[Any], Any] | None = None
    op: ClassVar[str] = "wait"
    output_type: ClassVar[None] = None

    @property
    def seconds(self) -> float:
        """Who looks back does so first; the time-out counts from then."""
        return self.timeout if self.lookback is None else 0.0


@dataclass(frozen=True, slots=True)
class Invoke:
    """Another function to run.

    Args:
        function: its id.
        data: of the event that starts it; checked where that is stored.
        seconds: it may take so long; then the step fails, and the function goes on alone.
        output_type: of what the function returns; None for plain JSON.
    """

    function: str
    data: Any
    seconds: float
    output_type: OutputType | None = None
    op: ClassVar[str] = "invoke"


@dataclass(frozen=True, slots=True)
class FanOut:
    """A function to call, in a run of its own; the end of that ends the step."""

    work: Work
    op: ClassVar[str] = "child"
    seconds: ClassVar[float] = 0.0
    output_type: ClassVar[None] = None


What = Work | Sleep | EventWait | Invoke | FanOut

TIMERS = ("sleep", "wait", "invoke")  # kinds of steps that end by themselves when they come due
BODIES = {"run", "child"}  # kinds of steps that are a function to call, here or in a run of its own
NOBODYS = (*TIMERS, "child")  # kinds of steps that no worker claims in order to do them


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One step call: its identity, and what is to happen when there is no memo of it."""

    key: str
    name: str
    index: int
    branch: str
    mode: ParallelMode
    what: What
    group: str | None = None  # in which group of several in a row; None in the first

    @property
    def op(self) -> str:
        """The kind of step."""
        return self.what.op

    @property
    def is_work(self) -> bool:
        """Whether somebody has to do something, and not only time to pass."""
        return isinstance(self.what, Work)

    @property
    def is_plain_work(self) -> bool:
        """Whether somebody has to call a function, and nothing else."""
        what = self.what
        return isinstance(what, Work) and not what.is_atomic and what.timeout is None

    @property
    def work(self) -> Work:
        """What somebody has to do."""
        assert isinstance(self.what, Work)
        return self.what

    @property
    def is_timer(self) -> bool:
        """Whether it ends by itself when it comes due."""
        return self.op in TIMERS

    @property
    def seconds(self) -> float:
        """When a planned step comes due, in seconds from then; see `until`."""
        return 0.0 if isinstance(self.what, Work) else self.what.seconds

    def read(self, value: Any) -> Any:
        """Make of the remembered value what the author gets.

        Raises:
            OutputMismatchError: it does not fit its type.
        """
        reader = self.what.read if isinstance(self.what, Work | EventWait) else None
        value = value if reader is None else reader(value)
        output_type = self.what.output_type
        if output_type is None:
            return value
        return output_type.load(value, f"The result of step {self.title!r}")

    @property
    def until(self) -> datetime | None:
        """When it comes due, if that is a moment."""
        return self.what.until if isinstance(self.what, Sleep) else None

    @property
    def due_in(self) -> float | None:
        """The same, but None for what never comes due by itself."""
        return None if isinstance(self.what, FanOut) else self.seconds

    @property
    def title(self) -> str:
        """The step as a person names it, for messages."""
        return f"{self.name}:{self.index}" if self.index else self.name
