"""The broker of the documented default: it carries the site's tasks, and hints out of thin air."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from functools import cached_property

from django.db import DatabaseError, InterfaceError, connections, transaction
from django_q.brokers import Broker as Q2Broker
from django_q.conf import Conf

from durable.q2 import channel
from durable.q2.pump import Package, Pump
from durable.q2.tasktable import TaskTable
from durable.store import get_store

logger = logging.getLogger("durable.broker")

_PAUSES = (0.1, 0.2, 0.5, 1.0)
_ACKNOWLEDGE_TRIES = 8


class Broker(Q2Broker):  # type: ignore[misc]  # django-q2 has no types
    """Set `Q_CLUSTER = {"broker_class": "durable.q2.broker.Broker", "orm": "default", ...}`.

    Works on every database. Tasks live in q2's own table, so a site may change to and from q2's ORM
    broker with tasks in the queue. On Postgres a waiting cluster is called by NOTIFY; elsewhere it
    looks, up to a hundred times a second on SQLite and twenty times on MariaDB.
    """

    list_key: str
    makes_hints = True  # so that nobody else has to

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self.untaken: Callable[[], int] | None = None
        self._failures = 0

    def __setstate__(self, state: tuple[str, str | None]) -> None:
        self.__init__(state[0])  # type: ignore[misc]

    @cached_property
    def tasks(self) -> TaskTable:
        """The queue of ordinary tasks."""
        return TaskTable(Conf.ORM or get_store().alias, self.list_key, float(Conf.RETRY))

    @cached_property
    def pump(self) -> Pump:
        """What the pusher waits on; made where it is used, after the fork."""
        return Pump(get_store(), self.tasks)

    def enqueue(self, task: str) -> int:
        """Queue a signed task in the caller's transaction; wake a cluster once it is committed."""
        pk = self.tasks.add(task)
        if channel.can_notify(get_store().connection):
            transaction.on_commit(self._notify, using=self.tasks.alias, robust=True)
        return pk

    def dequeue(self) -> list[Package] | None:
        """Return tasks and hints; block for half a second at most; survive any database error."""
        try:
            packages = self.pump.pull(self.untaken() if self.untaken else None)
        except Exception:  # noqa: BLE001 - the stock pusher would sleep ten seconds and die
            self._recover()
            return None
        if self._failures:
            self._failures = 0
            logger.warning("tasks can be fetched again")
        return packages

    def acknowledge(self, task_id: int) -> None:
        """Delete a finished task; outlast a restart of the database, for the monitor would not."""
        for tries in range(_ACKNOWLEDGE_TRIES):
            try:
                self.tasks.remove(task_id)
            except (DatabaseError, InterfaceError):
                connection = connections[self.tasks.alias]
                if connection.in_atomic_block:
                    raise
                connection.close()
                time.sleep(_pause(tries))
            else:
                return
        logger.error("task %s could not be acknowledged and will be given out again", task_id)

    def fail(self, task_id: int | None) -> None:
        """Delete a task that cannot be read."""
        if task_id is not None:
            self.acknowledge(task_id)

    def delete(self, task_id: int) -> None:
        """Delete a task."""
        self.tasks.remove(task_id)

    def queue_size(self) -> int:
        """Count the tasks that wait."""
        return self.tasks.waiting.count()

    def lock_size(self) -> int:
        """Count the tasks given out and not acknowledged."""
        return self.tasks.claimed.count()

    def purge_queue(self) -> int:
        """Delete every task of this queue; workflows do not notice."""
        return int(self.tasks.rows.delete()[0])

    def delete_queue(self) -> int:
        """Delete every task of this queue; workflows do not notice."""
        return self.purge_queue()

    def ping(self) -> bool:
        """Say yes even while the database is down: the pusher will find it when it is back."""
        return True

    def info(self) -> str:
        """Name this broker and how it is woken."""
        connection = get_store().connection
        way = "LISTEN" if channel.can_notify(connection) else "polling"
        return f"durable on {connection.display_name} ({way})"

    def _notify(self) -> None:
        channel.notify(get_store().alias)

    def _recover(self) -> None:
        if not self._failures:
            logger.exception("no tasks could be fetched; trying until they can")
        try:
            self.pump.close()
        except Exception:
            logger.debug("a broken connection did not close", exc_info=True)
        time.sleep(_pause(self._failures))
        self._failures += 1


def _pause(tries: int) -> float:
    longest = _PAUSES[min(tries, len(_PAUSES) - 1)]
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the herd, no secret
