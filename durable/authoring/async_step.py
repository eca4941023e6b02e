"""The steps of an async function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple, overload

from durable.authoring import asks, invocation
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.authoring.group import Group
from durable.authoring.invocation import Timeout
from durable.authoring.step import Later
from durable.playback.call import StepCall
from durable.playback.tape import Tape

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Step(Later):
    """`ctx.step` of an async function: the same, awaited."""

    def __init__(
        self, tape: Tape, group: Group, start: Event | None = None, app_id: str = ""
    ) -> None:
        self._tape = tape
        self._start = start
        self._app_id = app_id
        self.parallel = group.parallel  # the older spelling of ctx.group.parallel

    @overload
    def run(
        self,
        step_id: str,
        handler: Callable[[*Ts], Awaitable[T]],
        *handler_args: *Ts,
        retries: int | None = None,
        timeout: int | timedelta | str | None = None,
        output_type: object = None,
    ) -> StepCall[T]: ...
    @overload
    def run(
        self,
        step_id: str,
        handler: Callable[[*Ts], T],
        *handler_args: *Ts,
        atomic: bool = False,
        retries: int | None = None,
        timeout: int | timedelta | str | None = None,
        output_type: object = None,
    ) -> StepCall[T]: ...
    def run(
        self,
        step_id: str,
        handler: Callable[[*Ts], Any],
        *handler_args: *Ts,
        atomic: bool = False,
        retries: int | None = None,
        timeout: int | timedelta | str | None = None,
        output_type: object = None,
    ) -> StepCall[Any]:
        """Await `handler` once, and remember what it returned.

        Args:
            step_id: names the step within the run. Repeated ids are counted.
            handler: a coroutine function, or a plain one, which is called outside of the event loop
                and may use the ORM.
            handler_args: passed to it.
            atomic: commit what a plain handler writes to durable's database together with the record
                of its result, or neither: its effects there happen exactly once.
            retries: tries after the first, 0 to 20; the function's, if left out.
            output_type: what the handler returns, as in the sync twin.
            timeout: how long a try may take: milliseconds, a timedelta, or text such as "2m30s". One
                that takes longer is cancelled, or interrupted, and has failed.

        Returns:
            The result as JSON gives it back: tuples come as lists. With `output_type`, a value of it.

        Raises:
            StepError: the handler failed, and has no tries left.
        """
        what = asks.work(
            step_id,
            handler,
            handler_args,
            atomic=atomic,
            retries=retries,
            timeout=timeout,
            output_type=output_type,
        )
        return self._tape.call(step_id, what)

    def sleep(self, step_id: str, duration: int | timedelta | str) -> StepCall[None]:
        """Pause, as the sync twin does."""
        return self._tape.call(step_id, asks.sleep(step_id, duration))

    def sleep_until(self, step_id: str, until: datetime) -> StepCall[None]:
        """Pause until a moment, as the sync twin does."""
        return self._tape.call(step_id, asks.sleep_until(step_id, until))

    def send_event(self, step_id: str, events: Event | Sequence[Event]) -> StepCall[list[str]]:
        """Send events, as the sync twin does."""
        what = asks.send(step_id, self._start, events, self._tape.performer.send)
        return self._tape.call(step_id, what)

    def wait_for_event(
        self,
        step_id: str,
        *,
        event: str,
        timeout: int | timedelta | str | None = None,
        match: str | None = None,
        if_exp: str | None = None,
        lookback: int | timedelta | str | None = None,
    ) -> StepCall[Event | None]:
        """Pause until an event comes in, as the sync twin does."""
        what = asks.wait_for_event(
            step_id,
            self._start,
            event=event,
            timeout=timeout,
            match=match,
            if_exp=if_exp,
            lookback=lookback,
        )
        return self._tape.call(step_id, what)

    def invoke(
        self,
        step_id: str,
        *,
        function: Function,
        data: Mapping[str, Any] | None = None,
        timeout: Timeout = None,
    ) -> StepCall[Any]:
        """Run another function, as the sync twin does."""
        return self._tape.call(step_id, invocation.invoke(step_id, function, data, timeout))

    def invoke_by_id(
        self,
        step_id: str,
        *,
        function_id: str,
        app_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        timeout: Timeout = None,
    ) -> StepCall[Any]:
        """Run a function by its id, as the sync twin does."""
        full_id = invocation.full_id(step_id, function_id, app_id, self._app_id)
        return self._tape.call(step_id, invocation.invoke_id(step_id, full_id, data, timeout))
