"""A worker in threads of the test's process, on a database that threads can share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import override_settings

from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.conf import conf
from durable.store import get_store
from durable.testing.assertions import Assertions, Which
from durable.testing.failing import raise_failure_of
from durable.testing.info import RunInfo, run_info
from durable.testing.interference import Interference
from durable.testing.kill import WorkerKilled
from durable.testing.start import start
from durable.testing.worker import new_worker
from durable.worker import heartbeat

logger = logging.getLogger("durable.worker")

POLL = 0.02  # seconds between two looks of an idle thread
PATIENCE = 10.0  # seconds in which bodies may end when the worker is stopped


class InProcessWorker(Interference, Assertions):
    """Does real work beside the test, from `with` to the end of its block.

    Each thread has connections of its own, so the test needs committed rows (`TransactionTestCase`, or
    pytest's `transactional_db`) and, with SQLite, a test database in a file. Stubs, kills and
    assertions are those of `Workflows`. Nothing that goes wrong in a thread is raised in the test.

    Args:
        threads: how many pieces of work at the same time.
        retry_delay: seconds before each further try, instead of those of `DURABLE["BACKOFF"]`.
    """

    def __init__(self, threads: int = 4, *, retry_delay: float | None = None) -> None:
        Interference.__init__(self)
        Assertions.__init__(self)
        self._threads = threads
        self._retry_delay = retry_delay
        self._is_stopping = threading.Event()
        self._crew: list[threading.Thread] = []
        self._in_use = ExitStack()

    def __enter__(self) -> Self:
        _refuse_what_threads_cannot_share()
        self._is_stopping.clear()
        self._in_use.enter_context(self._in_force())
        if self._retry_delay is not None:
            given = {
                **getattr(settings, "DURABLE", {}),
                "BACKOFF": [self._retry_delay],
                "JITTER": 0,
            }
            self._in_use.enter_context(override_settings(DURABLE=given))
        targets = [self._work] * self._threads + [self._beat]
        self._crew = [threading.Thread(target=one, daemon=True) for one in targets]
        for thread in self._crew:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_stopping.set()
        give_up = time.monotonic() + PATIENCE
        for thread in self._crew:
            thread.join(max(give_up - time.monotonic(), 0.0))
        if self.is_running:
            logger.error("a body did not end within %s s; its thread is left behind", PATIENCE)
        self._in_use.close()

    def run(
        self,
        function: Function | str,
        given: Mapping[str, Any] | Event | None = None,
        *,
        timeout: float = 10.0,
        raise_failure: bool = False,
    ) -> RunInfo:
        """Start a function, and wait until its run has ended.

        Args:
            function: it, or its id.
            given: the event's data, to start this function and no other; or an event, to send it.
            timeout: seconds to wait.
            raise_failure: raise if the run has failed.

        Raises:
            FunctionNotFoundError: there is no such function.
            AssertionError: the event does not start the function, or its run does not end in time, or
                it has failed and `raise_failure` was asked for: with the traceback as text.
        """
        info = self.wait(self._note(start(function, given)), timeout=timeout)
        if raise_failure:
            raise_failure_of(info)
        return info

    def wait(self, run: Which, *, timeout: float = 10.0) -> RunInfo:
        """Wait until a run has ended.

        Args:
            run: it, or its id.
            timeout: seconds to wait.

        Raises:
            AssertionError: it does not end in time.
        """
        rest = threading.Event()
        for _ in range(max(int(timeout / POLL), 1)):
            if (info := run_info(run)).is_final:
                return info
            rest.wait(POLL)
        raise AssertionError(f"the run has not ended after {timeout:g} s\n{info}")

    @property
    def is_running(self) -> bool:
        """Whether any of its threads has not ended."""
        return any(thread.is_alive() for thread in self._crew)

    def _work(self) -> None:
        worker = new_worker(self._threads)
        try:
            while not self._is_stopping.is_set():
                try:
                    if worker.take_one():
                        continue
                except WorkerKilled:
                    worker = new_worker(self._threads)
                except Exception:
                    logger.exception("the worker could not look for work")
                self._is_stopping.wait(POLL)
        finally:
            connections.close_all()

    def _beat(self) -> None:
        """Keep the leases of work that takes long."""
        try:
            while not self._is_stopping.wait(min(conf.HEARTBEAT, conf.LEASE / 3)):
                heartbeat.beat((heartbeat.renew, heartbeat.mend))
        finally:
            connections.close_all()


def _refuse_what_threads_cannot_share() -> None:
    connection = get_store().connection
    if connection.in_atomic_block:
        raise ImproperlyConfigured(
            "InProcessWorker sees only what is committed, and this test is in a transaction. Use "
            "TransactionTestCase, @pytest.mark.django_db(transaction=True), or Workflows instead."
        )
    is_in_memory = getattr(connection, "is_in_memory_db", bool)
    if is_in_memory():
        raise ImproperlyConfigured(
            "The threads of InProcessWorker cannot share a SQLite database in memory. Name a file in "
            f"DATABASES[{connection.alias!r}]['TEST']['NAME'], or use Workflows instead."
        )
