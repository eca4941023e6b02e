"""What goes in and out of the store, as values."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from durable.replay.failure import Failure
from durable.replay.memo import Memo
from durable.replay.request import Request

LARGE = 2048  # characters; a longer output goes into a Blob


def is_large(output: str | None) -> bool:
    """Whether an output is kept out of the rows that lists and replays read."""
    return output is not None and len(output) > LARGE


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


@dataclass(frozen=True, slots=True)
class Due:
    """Claimable rows, capped; and the seconds until the next comes due, if one is waiting."""

    count: int
    next_in: float | None
