"""What the pusher process does between two looks at its stop event."""

from __future__ import annotations

import time

from django.db import connections
from django_q.conf import Conf

from durable.q2 import channel
from durable.q2.hints import Throttle, package
from durable.q2.options import workers
from durable.q2.polling import FileWatching, Polling
from durable.q2.tasktable import TaskTable
from durable.store import Store

Package = tuple[int | None, str]

_FULL = 0.05  # seconds to wait when the cluster holds as many messages as it may
_THROTTLED = 0.1  # the longest sleep that nothing can interrupt


class Pump:
    """Fetches tasks, makes hints while rows are due, and waits for either.

    Args:
        store: the workflows.
        tasks: the site's own tasks.
    """

    def __init__(self, store: Store, tasks: TaskTable) -> None:
        self._store = store
        self._tasks = tasks
        self._hints = Throttle(workers())
        self._quiet = _way_to_wait(store)

    def pull(self, untaken: int | None) -> list[Package] | None:
        """Return what the workers should get now, or None after a wait.

        Args:
            untaken: messages the workers did not take yet, if known.
        """
        room = _room(untaken)
        if room <= 0:
            time.sleep(_FULL)
            return None
        packages: list[Package] = list(self._tasks.claim(min(room, _batch())))
        due = self._store.due(4 * workers())
        hints = self._hints.allow(due.count, None if untaken is None else untaken + len(packages))
        packages += [(None, package())] * hints
        if packages:
            self._note_work()
            return packages
        self._wait(self._hints.rest(due.next_in), is_due=due.count > 0)
        return None

    def close(self) -> None:
        """End this process's sessions; the next pull opens others."""
        try:
            self._quiet.close()
        finally:
            for alias in {self._store.alias, self._tasks.alias}:
                connections[alias].close()

    def _note_work(self) -> None:
        if isinstance(self._quiet, Polling):
            self._quiet.note_work()

    def _wait(self, seconds: float, *, is_due: bool) -> None:
        if is_due and isinstance(self._quiet, Polling):
            time.sleep(min(seconds, _THROTTLED))
        elif self._quiet.wait(seconds):
            self._hints.nudge()
            time.sleep(self._hints.rest(0.0))


def _way_to_wait(store: Store) -> channel.Listener | Polling:
    if channel.can_notify(store.connection):
        return channel.Listener(store.alias)
    return FileWatching(store.alias) if store.connection.vendor == "sqlite" else Polling()


def _room(untaken: int | None) -> int:
    limit = int(Conf.QUEUE_LIMIT or 0)
    return limit - untaken if limit and untaken is not None else _batch()


def _batch() -> int:
    return max(int(Conf.BULK), workers())
