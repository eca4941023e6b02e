"""The steps of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple, cast

from durable.authoring import asks, invocation
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.authoring.group import GroupSync
from durable.authoring.invocation import Timeout
from durable.errors import StepMisuseError
from durable.playback.body import is_coroutine_function
from durable.playback.request import What
from durable.playback.tape import Tape

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_LATER = frozenset({"ai"})


class Later:
    """Says of the kinds of steps that are still to come that they are."""

    def __getattr__(self, name: str) -> Any:
        if name in _LATER:
            raise StepMisuseError(f"ctx.step.{name} is not supported in this version.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class StepSync(Later):
    """`ctx.step` of a sync function."""

    def __init__(
        self, tape: Tape, group: GroupSync, start: Event | None = None, app_id: str = ""
    ) -> None:
        self._tape = tape
        self._start = start
        self._app_id = app_id
        self.parallel = group.parallel  # the older spelling of ctx.group.parallel
        group.bare = type(self).run

    def run(
        self,
        step_id: str,
        handler: Callable[[*Ts], T],
        *handler_args: *Ts,
        atomic: bool = False,
        retries: int | None = None,
        timeout: int | timedelta | str | None = None,
        output_type: object = None,
    ) -> T:
        """Call `handler` once, and remember what it returned.

        Args:
            step_id: names the step within the run. Repeated ids are counted.
            handler: a plain function; its result must be plain JSON, or of `output_type`. Use
                `functools.partial` for keyword arguments.
            handler_args: passed to it.
            atomic: commit what the handler writes to durable's database together with the record of
                its result, or neither: its effects there happen exactly once.
            retries: tries after the first, 0 to 20; the function's, if left out.
            output_type: what the handler returns: a dataclass, a pydantic model, or a type made of
                such; see the page on typed results. Plain JSON, if left out.
            timeout: how long a try may take: milliseconds, a timedelta, or text such as "2m30s". One
                that takes longer is interrupted, and has failed.

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
        if is_coroutine_function(handler):
            raise StepMisuseError(
                f"Step {step_id!r}: the handler is a coroutine function, but the function is not "
                "async. Make the function async def and await the step, or give a plain handler."
            )
        return cast(T, self._take(step_id, what))

    def sleep(self, step_id: str, duration: int | timedelta | str) -> None:
        """Pause the run; no worker, connection or thread is held meanwhile.

        Args:
            step_id: names the step within the run.
            duration: milliseconds, a timedelta, or text such as "2h30m"; 366 days at most.
        """
        self._take(step_id, asks.sleep(step_id, duration))

    def sleep_until(self, step_id: str, until: datetime) -> None:
        """Pause the run until a moment, at most 366 days ahead; one that has passed is no pause.

        Args:
            step_id: names the step within the run.
            until: an aware datetime; a naive one is taken as local time.
        """
        self._take(step_id, asks.sleep_until(step_id, until))

    def send_event(self, step_id: str, events: Event | Sequence[Event]) -> list[str]:
        """Send events, exactly once, however often the step is tried.

        Args:
            step_id: names the step within the run.
            events: one or several; all are accepted, or none.

        Those that name no tenant, or no subject, have the run's.

        Returns:
            Their ids.
        """
        what = asks.send(step_id, self._start, events, self._tape.performer.send)
        return cast(list[str], self._take(step_id, what))

    def wait_for_event(
        self,
        step_id: str,
        *,
        event: str,
        timeout: int | timedelta | str | None = None,
        match: str | None = None,
        if_exp: str | None = None,
        lookback: int | timedelta | str | None = None,
    ) -> Event | None:
        """Pause the run until an event comes in, or time is over; nothing is held meanwhile.

        Args:
            step_id: names the step within the run.
            event: the name of the event.
            timeout: milliseconds, a timedelta, or text such as "7d"; 366 days at most. Needed.
            match: a path that must lead to the same value in both events, the one that started the
                run and the one waited for: "data.user_id".
            if_exp: a condition on both, as `event` and `async`: "async.data.total > event.data.total".
            lookback: how far back an event counts that came before this step: "1h". Left out, only
                what comes from now on does.

        Returns:
            The event; None when time was over first.

        Raises:
            ExpressionInvalidError, ExpressionFailedError, DurationInvalidError: nothing is waited for.
        """
        what = asks.wait_for_event(
            step_id,
            self._start,
            event=event,
            timeout=timeout,
            match=match,
            if_exp=if_exp,
            lookback=lookback,
        )
        return cast(Event | None, self._take(step_id, what))

    def invoke(
        self,
        step_id: str,
        *,
        function: Function,
        data: Mapping[str, Any] | None = None,
        timeout: Timeout = None,
    ) -> Any:
        """Run another function, and wait for its result; no worker is held meanwhile.

        Args:
            step_id: names the step within the run.
            function: what `create_function` made. Its triggers do not matter.
            data: of its event, which is named "durable/function.invoked"; plain JSON.
            timeout: wait so long at most: milliseconds, a timedelta, or text such as "2h30m"; a year
                if left out, 366 days at most. The other run goes on even then.

        Returns:
            What the function returned.

        Raises:
            StepError: it failed, was cancelled, is not known, or took too long
                (`name` is "InngestInvokeTimeoutError" then).
        """
        return self._take(step_id, invocation.invoke(step_id, function, data, timeout))

    def invoke_by_id(
        self,
        step_id: str,
        *,
        function_id: str,
        app_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        timeout: Timeout = None,
    ) -> Any:
        """Do the same with a function that is defined elsewhere in the site.

        Args:
            step_id: names the step within the run.
            function_id: its `fn_id`.
            app_id: of the Client that made it; that of the running function if left out.
            data: of its event.
            timeout: wait so long at most.
        """
        full_id = invocation.full_id(step_id, function_id, app_id, self._app_id)
        return self._take(step_id, invocation.invoke_id(step_id, full_id, data, timeout))

    def _take(self, step_id: str, what: What) -> Any:
        return self._tape.take(self._tape.request(step_id, what))
