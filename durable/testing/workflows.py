"""Workflows in a test: one worker, in the test's own thread, on its connection."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from durable import clock
from durable.authoring.duration import duration
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.engine.deliver import deliver
from durable.engine.overrides import overrides
from durable.models import Run
from durable.playback.threads import serially
from durable.store import get_store
from durable.testing.assertions import Assertions
from durable.testing.failing import raise_failure_of
from durable.testing.info import RunInfo, run_info
from durable.testing.interference import Interference
from durable.testing.kill import WorkerKilled
from durable.testing.lending import lent
from durable.testing.start import start
from durable.testing.worker import new_worker

Span = timedelta | str | int

MOST = 10_000  # pieces of work and jumps in one call, after which it is thought to go on for ever
_ROUNDING = timedelta(milliseconds=2)  # some clocks have no finer unit than one of these


class Workflows(Interference, Assertions):
    """Runs what is due when it is told to, and only then. Use it in a `with` statement.

    Works in the transaction of a `django.test.TestCase`; what fails is recorded on its run. Schedules
    (`TriggerCron`) start nothing: `run` their functions.
    """

    def __init__(self) -> None:
        Interference.__init__(self)
        Assertions.__init__(self)
        self._in_use = ExitStack()

    def __enter__(self) -> Self:
        overrides.clear()  # what another test said was rolled back
        self._in_use.enter_context(self._in_force())
        self._in_use.enter_context(lent(get_store().connection))
        self._in_use.enter_context(serially())  # another thread does not see what is not committed
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._in_use.close()

    def run(
        self,
        function: Function | str,
        given: Mapping[str, Any] | Event | None = None,
        *,
        through: Span | None = None,
        raise_failure: bool = False,
    ) -> RunInfo:
        """Start a function, and do all that is due until its run ends or rests.

        Args:
            function: it, or its id.
            given: the event's data, to start this function and no other; or an event, to send it. A
                function on a schedule is told the last time of its line, beside what is given.
            through: go on for so long, moving the clocks, as `settle` does.
            raise_failure: raise if the run has failed.

        Returns:
            The run as it is then.

        Raises:
            FunctionNotFoundError: there is no such function.
            AssertionError: the event does not start the function, or the work has no end, or the run
                has failed and `raise_failure` was asked for: with the traceback as text.
        """
        row = self._note(start(function, given))
        self._work(row)
        if through is not None:
            self._go_through(duration(through, "through"), row)
        info = run_info(row)
        if raise_failure:
            raise_failure_of(info)
        return info

    def settle(self, *, through: Span | None = None) -> None:
        """Do all that is due, until nothing is.

        Args:
            through: go on for so long: milliseconds, a timedelta, or text such as "3d". The clocks move
                from one moment at which something comes due to the next, and at last to the end.

        Raises:
            AssertionError: the work has no end.
        """
        self._work()
        if through is not None:
            self._go_through(duration(through, "through"))

    def travel(self, span: Span) -> None:
        """Move the clocks, durable's and its view of the database's, without doing anything.

        Args:
            span: milliseconds, a timedelta, or text such as "3d".
        """
        clock.travel(duration(span, "travel"))

    def _work(self, until: Run | None = None) -> None:
        """Do what is due, as a worker's drain does, but no more once this run has ended."""
        worker = new_worker(workers=1)
        deliver(worker.store)
        for _ in range(MOST):
            if until is not None and self._has_ended(until):
                return
            try:
                if not worker.take_one():
                    return
            except WorkerKilled:
                worker = new_worker(workers=1)
        raise AssertionError(f"there was still work to do after {MOST:,} pieces of it")

    def _go_through(self, span: timedelta, until: Run | None = None) -> None:
        end = clock.now() + span
        for _ in range(MOST):
            if until is not None and self._has_ended(until):
                return
            wait = get_store().due(1).next_in
            if wait is None or timedelta(seconds=wait) > end - clock.now():
                break
            clock.travel(timedelta(seconds=max(wait, 0.0)) + _ROUNDING)
            self._work(until)
        else:
            raise AssertionError(f"something still came due after {MOST:,} moves of the clocks")
        clock.travel(max(end - clock.now(), timedelta()))
        self._work(until)

    @staticmethod
    def _has_ended(run: Run) -> bool:
        run.refresh_from_db(fields=["status"])
        return run.is_final
