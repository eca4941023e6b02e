"""What application code can do with runs."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from asgiref.sync import sync_to_async

from durable.authoring.run import RunInfo

P = ParamSpec("P")
T = TypeVar("T")

RunId = str | UUID


def has_twin(verb: Callable[P, T]) -> Callable[P, T]:
    """Have a verb that is called in async code, where Django refuses to wait, name the one to await."""

    @functools.wraps(verb)
    def say(*args: P.args, **kwargs: P.kwargs) -> T:
        from django.core.exceptions import (
            SynchronousOnlyOperation,
        )  # our plugin needs none of Django

        try:
            return verb(*args, **kwargs)
        except SynchronousOnlyOperation:
            name = verb.__name__
            raise SynchronousOnlyOperation(
                f"durable.{name} waits for the database, and was called from async code. "
                f"Write: await durable.a{name}(…)"
            ) from None

    return say


class Verbs:
    """Look at runs, wait for them, end them, have them go on, repeat them.

    Each raises RunNotFoundError when there is no such run, and has an async twin that begins with an a.
    """

    @has_twin
    def cancel(self, run_id: RunId) -> bool:
        """End a run that has not ended. Joins the caller's transaction.

        No further step of it starts. What is being executed goes on to its end, and its result is
        dropped. Runs that it invoked are not cancelled.

        Returns:
            Whether this call cancelled it; False if it had ended before.
        """
        return cast(bool, engine().cancel(run_id))

    async def acancel(self, run_id: RunId) -> bool:
        """Do the same from async code."""
        return await sync_to_async(self.cancel)(run_id)

    @has_twin
    def get_run(self, run_id: RunId) -> RunInfo:
        """Return how a run stands."""
        return cast(RunInfo, engine().info(run_id))

    async def aget_run(self, run_id: RunId) -> RunInfo:
        """Do the same from async code."""
        return await sync_to_async(self.get_run)(run_id)

    @has_twin
    def result(self, run_id: RunId, timeout: float | timedelta | None = None) -> Any:
        """Wait until a run has ended, and return what its function returned.

        Args:
            run_id: its id.
            timeout: seconds, or a timedelta; as long as it takes, if left out. 0 looks once.

        Raises:
            RunFailedError: it failed; `name`, `message` and `stack` are those of its error.
            RunCancelledError: it was cancelled.
            WaitInTransactionError: it has not ended, and a transaction is open.
            TimeoutError: it has not ended in time. It goes on.
        """
        pauses = engine().pauses(run_id, timeout)
        while True:
            is_over, value = engine().look(run_id)
            if is_over:
                return value
            time.sleep(next(pauses))

    async def aresult(self, run_id: RunId, timeout: float | timedelta | None = None) -> Any:
        """Do the same from async code, without blocking it."""
        pauses = engine().pauses(run_id, timeout)
        while True:
            is_over, value = await sync_to_async(engine().look)(run_id)
            if is_over:
                return value
            await asyncio.sleep(next(pauses))

    @has_twin
    def retry(self, run_id: RunId) -> None:
        """Have a run that failed, or was cancelled, go on from there. Joins the caller's transaction.

        What is done stays done. The step that failed is tried anew, with all its tries.

        Raises:
            RunStateError: the run has neither failed nor been cancelled.
        """
        engine().retry(run_id)

    async def aretry(self, run_id: RunId) -> None:
        """Do the same from async code."""
        await sync_to_async(self.retry)(run_id)

    @has_twin
    def replay(
        self,
        run_id: RunId,
        from_step: str | None = None,
        input: Mapping[str, Any] | None = None,
    ) -> str:
        """Repeat a run, as a new run of the same function. Joins the caller's transaction.

        Args:
            run_id: the run to repeat, whatever became of it.
            from_step: a step's id, "charge", or "charge:1" for its second use. What was done before
                it is copied; if left out, nothing is.
            input: other data for the event; if left out, the new run has the same event.

        Returns:
            The id of the new run.

        Raises:
            StepNotFoundError: the run has no such step; the message lists those it has.
            EventInvalidError, OutputUnserializableError, LimitExceededError: `input` cannot be stored.
        """
        return cast(str, engine().replay(run_id, from_step, input))

    async def areplay(
        self,
        run_id: RunId,
        from_step: str | None = None,
        input: Mapping[str, Any] | None = None,
    ) -> str:
        """Do the same from async code."""
        return await sync_to_async(self.replay)(run_id, from_step, input)


def engine() -> ModuleType:
    """Return what the engine can be asked for, once Django is ready."""
    # Neither Django nor the tables may be imported while Django loads the apps that import this module.
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured

    if not apps.is_installed("durable"):
        raise ImproperlyConfigured('Add "durable" to INSTALLED_APPS, and migrate.')
    from durable.engine import door

    return door
