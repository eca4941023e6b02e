"""Cron: rows for the lines of the functions here, and one run for each time that comes.

A time starts one run on any number of nodes: whoever moves `due_at` on, from the time it read, inserts event
and run in the same transaction. After a pause in which nobody was there, the last time that passed starts
its run late, and those before it are told of, not made up for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from hashlib import sha256

from django.db import transaction
from django.utils.timezone import get_default_timezone

from durable import clock, codec, signals
from durable.authoring.cron import Cron, Latest
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerCron
from durable.engine.cancelling import await_cancels
from durable.ids import new_id
from durable.models import Event
from durable.store import Store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.store.rows import NewRun, Scheduled
from durable.wake import wake, wake_in

EVENT = "durable/scheduled.timer"
_BATCH = 50  # lines moved on in one transaction
ABANDONED = timedelta(minutes=1)  # after which a line that nobody here knows has no node that does


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    """A time that has come, and what it starts."""

    row: Scheduled
    latest: Latest
    due_at: datetime
    event: Event

    @property
    def run(self) -> NewRun:
        """The run, which is there once however often this time is started."""
        return NewRun(
            event=self.event,
            function=self.row.function,
            due_at=self.due_at,
            dedupe_key=self.event.dedupe_key,
        )


def sync(store: Store) -> list[Scheduled]:
    """Make the rows be those of the functions here; return the ones that are right already.

    A node of another version may know other lines of the same function, and fires them. So a line that
    is not known here is only deleted when its time has passed and no node has taken it.
    """
    rows = store.schedules.all()
    missing = registry.crons.keys() - {row.line for row in rows}
    if missing:
        store.schedules.add(missing)
        rows = store.schedules.all()
    for row in rows:
        if row.line not in registry.crons and _is_abandoned(row):
            store.schedules.drop(row)
    return [row for row in rows if row.line in registry.crons and _is_right(store, row)]


def fire(store: Store, rows: Sequence[Scheduled]) -> int:
    """Start the runs of those whose time has come; return how many that was."""
    due = sorted((row for row in rows if row.is_due), key=lambda row: row.id)
    total = 0
    for first in range(0, len(due), _BATCH):
        started = _fire(store, due[first : first + _BATCH])
        total += started
        if not started:  # another worker is at it, and there are runs to drive
            break
    return total


def _is_abandoned(row: Scheduled) -> bool:
    return row.function in registry.functions and -row.wait > ABANDONED


def _is_right(store: Store, row: Scheduled) -> bool:
    """Whether it names a time of its line. If not it is new, or the site or its zone has other clocks."""
    line, zone = registry.crons[row.line].line, get_default_timezone()
    if _comes_at(line, row.due_at, zone):
        return True
    store.schedules.move(row, line.next(row.now, zone))
    return False


@lru_cache(maxsize=512)
def _comes_at(line: Cron, moment: datetime, zone: tzinfo) -> bool:
    return line.comes_at(moment, zone)


def _fire(store: Store, rows: Sequence[Scheduled]) -> int:
    ticks = [_tick(row) for row in rows]
    started = repeat(store.alias, partial(_start, store, ticks))
    for tick in started:
        if tick.latest.skipped:
            signals.ticks_missed.send_robust(
                sender=None,
                function=tick.row.function,
                cron=tick.row.cron,
                count=tick.latest.skipped,
                is_all=tick.latest.is_all,
                tick=tick.latest.tick,
            )
    return len(started)


def _tick(row: Scheduled) -> _Tick:
    trigger = registry.crons[row.line]
    latest = trigger.line.latest(row.due_at, row.now, get_default_timezone())
    due_at = latest.tick + delay(row.function, trigger, latest.tick)
    event = _event(row, latest.tick, due_at)
    return _Tick(row=row, latest=latest, due_at=due_at, event=event)


def _start(store: Store, ticks: Sequence[_Tick]) -> list[_Tick]:
    """Move lines on, and insert the runs of their times; return those that nobody else has moved.

    Each is all or nothing, with the others: a commit for each would make the last of many late.
    """
    with transaction.atomic(store.alias):
        moved = [tick for tick in ticks if _move(store, tick)]
        stored = store.events.insert([tick.event for tick in moved])
        # Another line of the function may name the same time: that is one run.
        new = [tick for tick in moved if stored[tick.event.pk] == tick.event.pk]
        store.runs.create_each([tick.run for tick in new])
        for tick in new:
            await_cancels(store, tick.event, [tick.row.function])
            wait = tick.due_at - tick.row.now
            after_commit(store.alias, _wake, wait)
    return moved


def _move(store: Store, tick: _Tick) -> bool:
    return store.schedules.move(tick.row, tick.latest.following, fired=tick.latest.tick)


def delay(function: str, trigger: TriggerCron, tick: datetime) -> timedelta:
    """Return a part of the jitter, the same one whoever asks."""
    longest = trigger.longest_delay // timedelta(milliseconds=1)
    spread = int.from_bytes(_digest(f"jitter of {function}", tick)[:8], "big")
    return timedelta(milliseconds=spread % (longest + 1))


def told(cron: str, tick: datetime, due_at: datetime) -> dict[str, str]:
    """Return the data of the event of one time of a line."""
    return {"cron": cron, "scheduledAt": _said(tick), "fireAt": _said(due_at)}


def _event(row: Scheduled, tick: datetime, due_at: datetime) -> Event:
    data = told(row.cron, tick, due_at)
    return Event(
        id=new_id(),
        name=EVENT,
        custom_id=data["scheduledAt"],
        dedupe_key=_digest(f"tick of {row.function}", tick).hex(),
        data=codec.encode(data, what="event", limit=4096, setting="MAX_EVENT_BYTES", depth=2),
        ts=tick,
        received=clock.now(),
    )


def _digest(what: str, tick: datetime) -> bytes:
    return sha256(f"{what}\0{_said(tick)}".encode()).digest()


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _wake(delay: timedelta) -> None:
    if delay > timedelta():
        wake_in(delay.total_seconds())
    else:
        wake()
