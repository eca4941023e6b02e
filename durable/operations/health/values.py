"""What is known of the health of a site, as values. Ages and rates are by the database's clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from durable.store.condition import Condition


class Level(StrEnum):
    """How much a concern matters."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is a concern."""

    oldest: float = 60.0  # seconds for which work may be due
    transaction: float = 30.0  # seconds for which one may be open
    hints_per_claim: float = 10.0
    messages: int = 1000  # in the broker, which no worker has taken
    clock: float = 5.0  # seconds between this machine's clock and the database's


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A worker process."""

    owner: str
    host: str
    pid: int
    version: str
    started: datetime
    silent: float  # seconds since it told that it is there
    is_alive: bool  # it was seen within three heartbeats
    hints: int
    claims: int
    rate: float  # claims per minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The worker processes with one parent on one machine."""

    name: str
    host: str
    parent: int
    is_supervised: bool  # by durable_worker; else it is a plain qcluster
    workers: tuple[Seen, ...]

    @property
    def alive(self) -> tuple[Seen, ...]:
        """Those of its workers that are there."""
        return tuple(one for one in self.workers if one.is_alive)

    @property
    def silent(self) -> float:
        """Seconds since the last of its workers was seen."""
        return min(one.silent for one in self.workers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a function, and who has it."""

    function: str
    version: str
    workers: tuple[str, ...]  # that are there: the host and the process of each
    is_here: bool  # the process that looked has it, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What is due of one kind. If there `is_more`, it was counted no further."""

    kind: str  # "runs", "steps", "timers", "events", "schedules" or "deadlines"
    title: str  # for people
    count: int
    is_more: bool
    oldest: float  # seconds for which the first of them is due


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of what was counted belongs to a function."""

    function: str
    count: int
    is_known: bool  # to the process that looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is due and not taken, without what has ended or rests."""

    queues: tuple[Queue, ...]  # those that are not empty
    functions: tuple[Counted, ...]  # with the most first

    @property
    def count(self) -> int:
        """How much is due, as far as it was counted."""
        return sum(queue.count for queue in self.queues)

    @property
    def oldest(self) -> Queue | None:
        """The queue whose first has been due for longest."""
        return max(self.queues, key=lambda queue: queue.oldest, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A run, or a step of it, that a silent worker holds and nobody has taken over."""

    run: UUID
    function: str
    step: str  # "" for the run itself
    owner: str
    late: float  # seconds since the lease passed


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff:
    """An event that could not be handed out again and again, by a fault that is not the database's."""

    event: UUID
    name: str
    late: float  # seconds since it came in


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """What carries hints."""

    name: str
    untaken: int | None  # messages no worker has taken; None if it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that is not as it should be, and what to do about it."""

    code: str
    level: Level
    text: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All of it, at one time."""

    at: datetime
    alias: str
    clusters: tuple[Cluster, ...]
    backlog: Backlog
    stuck: tuple[Stuck, ...]
    database: Condition
    broker: Broker
    versions: tuple[Version, ...] = ()
    put_off: tuple[PutOff, ...] = ()  # the longest first, of at most twenty
    concerns: tuple[Concern, ...] = ()

    @property
    def mixed(self) -> tuple[Version, ...]:
        """The versions of functions of which workers have more than one."""
        count = Counter(one.function for one in self.versions)
        return tuple(one for one in self.versions if count[one.function] > 1)

    @property
    def alive(self) -> tuple[Seen, ...]:
        """The workers that are there."""
        return tuple(one for cluster in self.clusters for one in cluster.alive)

    @property
    def rate(self) -> float:
        """Claims per minute, of all workers together."""
        return sum(one.rate for one in self.alive)

    @property
    def hints_per_claim(self) -> float | None:
        """Messages taken for each claim, since the workers that are there were started."""
        claims = sum(one.claims for one in self.alive)
        return sum(one.hints for one in self.alive) / claims if claims else None

    @property
    def level(self) -> Level | None:
        """That of the worst concern; None if all is well."""
        found = {concern.level for concern in self.concerns}
        if Level.CRITICAL in found:
            return Level.CRITICAL
        return Level.WARNING if found else None
