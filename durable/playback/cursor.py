"""Where the code stands that calls steps: in which branch, and what a call may do there."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha1
from threading import get_ident

from durable.playback.interrupt import Interrupt
from durable.playback.request import ParallelMode

LONGEST = 100  # characters of a branch's path
LONGEST_GROUP = 60  # and of that of its groups


class Intent(enum.Enum):
    """What becomes of a step without a memo."""

    LIVE = enum.auto()  # it runs here and now
    DISCOVER = enum.auto()  # it is reported
    TARGET = enum.auto()  # it runs if it is one of the targets, else it is reported
    BODY = enum.auto()  # the code is the body of a step: it is an error


@dataclass(slots=True, kw_only=True, eq=False)
class Cursor:
    """One branch of one call of the function; the root has the empty path.

    `interrupt` is the signal that was raised through the branch's code: whatever the code does after
    it is not durable.
    """

    tape: object
    intent: Intent
    mode: ParallelMode
    branch: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    branches: dict[str, Cursor] = field(default_factory=dict)
    thread: int = field(default_factory=get_ident)  # in which its code runs
    interrupt: Interrupt | None = None
    title: str = ""  # of the step that interrupted, or whose body this is
    attempt: int = 0  # failed tries of the body before this one
    parent: Cursor | None = None
    known: Counter[str] = field(default_factory=Counter)  # steps met before, in and below a branch
    unread: int = 0  # of those in and below this branch, the ones this call has not come to yet
    tasks: int = 0  # asyncio tasks started from here
    latest: int = -1  # rank of the last result that was handed out in and below this branch
    groups: int = 0  # parallel groups begun from here
    group: str = ""  # which of its parent's groups each branch on the path is of, from 0

    @property
    def is_elsewhere(self) -> bool:
        """Whether another thread than the one of its code asks."""
        return self.thread != get_ident()

    def next_index(self, name: str) -> int:
        """Count a use of the step id `name`, and return how often it was used before."""
        index = self.counts.get(name, 0)
        self.counts[name] = index + 1
        return index

    def next_group(self) -> int:
        """Count a group, and return how many there were before."""
        self.groups += 1
        return self.groups - 1

    @property
    def later_group(self) -> str | None:
        """The path of groups, if any on it is not the first."""
        is_later = len(self.group) <= LONGEST_GROUP and self.group.strip("0.")
        return self.group if is_later else None

    def read(self, *, is_known: bool, rank: int = -1) -> None:
        """Note that the call came to a step: it met it before, or all that follows is new."""
        count = 1 if is_known else self.unread
        cursor: Cursor | None = self
        while cursor is not None:
            if cursor.unread:
                cursor.unread = max(cursor.unread - count, 0)
            if rank > cursor.latest:
                cursor.latest = rank
            cursor = cursor.parent

    @contextmanager
    def interruptible(self, title: str) -> Iterator[None]:
        """Remember that a signal went through the code of the branch, and at which step."""
        try:
            yield
        except Interrupt as signal:
            self.interrupt = signal
            self.title = title
            raise

    def path(self, child: str) -> str:
        """Return the path of a branch below this one; a digest of it when it grows too long to store."""
        path = f"{self.branch}.{child}" if self.branch else child
        return (
            path if len(path) <= LONGEST else sha1(path.encode(), usedforsecurity=False).hexdigest()
        )

    def fork(self, child: str, intent: Intent, mode: ParallelMode, group: int = 0) -> Cursor:
        """Return a cursor for a call of a branch: it counts on from an earlier group's use of it."""
        before = self.branches.get(child)
        branch = self.path(child)
        return Cursor(
            tape=self.tape,
            intent=intent,
            mode=mode,
            branch=branch,
            parent=self,
            known=self.known,
            unread=self.known[branch],
            tasks=before.tasks if before else 0,
            group=f"{self.group}.{group}" if self.group else str(group),
            counts=dict(before.counts) if before else {},
            branches=dict(before.branches) if before else {},
        )


CURSOR: ContextVar[Cursor | None] = ContextVar("durable_cursor", default=None)
