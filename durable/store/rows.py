"""What goes in and out of the store, as values."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from durable import codec
from durable.models import Event
from durable.playback.failure import Failure
from durable.playback.memo import Memo
from durable.playback.request import Request

LARGE = 2048  # characters; a longer output goes into a Blob


def is_large(output: str | None) -> bool:
    """Whether an output is kept out of the rows that lists and replays read."""
    return output is not None and len(output) > LARGE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to be inserted."""

    event: Event
    function: str
    due_at: datetime | None = None  # now, if not given
    dedupe_key: str | None = None
    start_within: float | None = None  # seconds after `due_at`, or it is cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClaim:
    """A run this process holds: every write names `claim`, and does nothing once it has changed."""

    id: UUID
    claim: int
    function: str
    event: UUID | None
    attempt: int = 0
    crashes: int = 0
    wave: int = 0
    parent: UUID | None = None  # the run that invoked it
    parent_key: str = ""  # the key of the step that waits for it there
    tenant: str = ""
    step: str = ""  # the title of that step, if the run does only that
    version: str = ""  # of the function, for whoever made the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A run to be created for the planned step `key`, which waits for it."""

    function: str
    event: Event
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClaim:
    """A planned step this process holds."""

    id: int
    run: UUID
    key: str
    name: str
    branch: str
    claim: int
    attempt: int
    crashes: int
    wave: int
    mode: str
    op: str = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A cron line of a function, and when it comes round next."""

    id: int
    function: str
    cron: str
    due_at: datetime
    wait: timedelta  # until then, by the database's clock

    @property
    def line(self) -> tuple[str, str]:
        """What it is known by."""
        return self.function, self.cron

    @property
    def is_due(self) -> bool:
        """Whether its time has come."""
        return self.wait <= timedelta()

    @property
    def now(self) -> datetime:
        """The time of the database when this was read; not before `due_at` if that has come."""
        return self.due_at - self.wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A run that has run out of time: to be started, if it was not started, or else to be finished."""

    id: UUID
    function: str
    started: datetime | None
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Try:
    """An open step's failed tries so far, and the seconds until the next may start."""

    attempt: int
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is remembered of a run."""

    memos: dict[str, Memo]
    tries: Mapping[str, Try]  # steps that failed in place and are to be retried
    opened: frozenset[str]  # planned steps that are not final
    branches: Mapping[str, str]  # of every step that was met, by key
    kinds: Mapping[str, str] = field(default_factory=dict)  # of those, by key
    dues: Mapping[str, float] = field(default_factory=dict)  # seconds until planned ones come due
    abandoned: frozenset[str] = frozenset()  # planned steps that were given up

    @property
    def count(self) -> int:
        """How many steps the run has."""
        return len(self.branches)

    @property
    def size(self) -> int:
        """Bytes of all results together."""
        return sum(memo.size for memo in self.memos.values())


EMPTY = History(memos={}, tries={}, opened=frozenset(), branches={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One execution of a body, judged: a result, a final failure, or a failure with a delay.

    It took `seconds`, and had ended at `ended` on the monotonic clock.
    """

    request: Request
    attempt: int
    seconds: float
    ended: float = field(default_factory=time.monotonic)
    output: str | None = None
    failure: Failure | None = None
    retry_in: float | None = None
    retries: int | None = None  # that were allowed when it failed
    given: str | None = None  # what the body was called with, if that is not recorded yet

    @property
    def age(self) -> float:
        """Seconds since the body ended."""
        return round(max(time.monotonic() - self.ended, 0.0), 3)

    @property
    def is_final(self) -> bool:
        """Whether there will be no further try."""
        return self.retry_in is None

    @property
    def status(self) -> str:
        """The status of a step run in place."""
        if self.failure is None:
            return "done"
        return "failed" if self.is_final else "retrying"

    @property
    def is_large(self) -> bool:
        """Whether the output needs a Blob."""
        return is_large(self.output)

    @property
    def is_plain(self) -> bool:
        """Whether the step's row is all there is to write."""
        return self.failure is None and not self.is_large

    @property
    def memo(self) -> Memo:
        """What is remembered when the result is final."""
        request = self.request
        return Memo(
            key=request.key, branch=request.branch, output=self.output, failure=self.failure
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A wave as it was planned: its number, and the steps of it that the planner took at once."""

    wave: int
    claims: list[StepClaim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """What was recorded of a batch, and how many runs became due by it."""

    written: Sequence[tuple[StepClaim, Result]] = ()
    woken: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """Due planned steps, capped; whether the worker of the oldest was lost; and what else is to be done:
    events that came in, and runs that are out of time."""

    count: int
    is_oldest_lost: bool
    has_events: bool = False
    has_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Claimable rows, capped; and the seconds until the next comes due, if one is waiting."""

    count: int
    next_in: float | None


def error_text(failure: Failure) -> str:
    """Return the stored form of a failure."""
    return codec.encode(
        failure.to_json(), what="error", limit=1 << 20, setting="MAX_STEP_BYTES", depth=4
    )
