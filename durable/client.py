"""What application code calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from asgiref.sync import sync_to_async

from durable.authoring.argument import as_tuple, expect
from durable.authoring.event import Event
from durable.authoring.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from durable.authoring.function import Function, failure_handler
from durable.authoring.registry import registry
from durable.authoring.trigger import Trigger
from durable.authoring.version import LONGEST as LONGEST_VERSION
from durable.errors import EventInvalidError, FunctionConfigInvalidError
from durable.playback.request import ParallelMode
from durable.verbs import Verbs, engine, has_twin

Handler = Callable[..., Any]


class Client(Verbs):
    """A site's, or one app's, way in. The module-level functions use a default client.

    Args:
        app_id: goes in front of the ids of its functions: "shop" makes "shop-<fn_id>".
        parallel_mode: of its functions' groups, where neither group nor function says.
        app_version: what its functions' runs are said to have been started with; a digest of each
            function's source if left out.
        middleware: accepted; not supported yet.
        serializer: accepted; not supported yet.
    """

    def __init__(
        self,
        *,
        app_id: str = "",
        parallel_mode: ParallelMode | None = None,
        app_version: str | None = None,
        middleware: Sequence[Any] | None = None,
        serializer: Any = None,
    ) -> None:
        expect("Client", "app_id", app_id, str)
        expect("Client", "parallel_mode", parallel_mode, ParallelMode, type(None))
        expect("Client", "app_version", app_version, str, type(None))
        if app_version is not None and not 0 < len(app_version) <= LONGEST_VERSION:
            raise FunctionConfigInvalidError(
                f"Client: app_version must have 1 to {LONGEST_VERSION} characters."
            )
        self.app_id = app_id
        self.app_version = app_version
        self.parallel_mode = parallel_mode
        self._later = {"Client(middleware=)": middleware, "Client(serializer=)": serializer}

    def create_function(
        self,
        *,
        fn_id: str,
        trigger: Trigger | Sequence[Trigger],
        name: str | None = None,
        retries: int | None = None,
        parallel_mode: ParallelMode | None = None,
        strict: bool | None = None,
        threads: int = 1,
        fan_out: bool = False,
        batch_events: Batch | None = None,
        cancel: Sequence[Cancel] | None = None,
        concurrency: Sequence[Concurrency] | None = None,
        debounce: Debounce | None = None,
        idempotency: str | None = None,
        priority: Priority | None = None,
        rate_limit: RateLimit | None = None,
        singleton: Singleton | None = None,
        throttle: Throttle | None = None,
        timeouts: Timeouts | None = None,
        on_failure: Handler | None = None,
        middleware: Sequence[Any] | None = None,
        output_type: Any = None,
    ) -> Callable[[Handler], Function]:
        """Make a function of a handler, and register it.

        Args:
            fn_id: unique within the app; lower-case letters, digits, dots, dashes, underscores.
            trigger: what starts it, one or up to ten.
            name: for people; the id if left out.
            retries: tries after the first, 0 to 20, for each step and each stretch of code between
                steps. `DURABLE["RETRIES"]` if left out.
            parallel_mode: of its groups, where they do not say.
            strict: one step per call of the function, as Inngest counts. `DURABLE["STRICT"]` if left
                out.
            threads: sync steps of a parallel group that one worker runs at the same time, 1 to 256;
                for work that waits.
            fan_out: each step of a parallel group is a run of its own, which any worker takes; see the
                page on configuring functions. For long steps.
            on_failure: called with the event "durable/function.failed" when a run has failed for good;
                a run of its own, of the function "<fn_id>-failure", tried once. Async like the
                function.
            output_type: what the handler returns, if that is not plain JSON: a dataclass, a pydantic
                model, or a type made of such; see the page on typed results.
            cancel: up to five kinds of events that cancel a run.
            idempotency: an expression such as "event.data.order_id": one run for each value in 24
                hours. An event without the value starts a run each time.
            timeouts: cancel a run that does not start, or not finish, in time.

        The other arguments are accepted for their place in the API; a system check says which of
        them this version does not support.

        Raises:
            FunctionConfigInvalidError: names the function and the argument.
        """
        later = {
            "batch_events": batch_events,
            "concurrency": concurrency,
            "debounce": debounce,
            "priority": priority,
            "rate_limit": rate_limit,
            "singleton": singleton,
            "throttle": throttle,
            "middleware": middleware,
        }
        given = {k: v for k, v in {**later, **self._later}.items() if v is not None}
        expect(f"function {fn_id!r}", "fn_id", fn_id, str)
        full_id = f"{self.app_id}-{fn_id}" if self.app_id else fn_id
        if isinstance(on_failure, Function):
            raise FunctionConfigInvalidError(
                f"function {full_id!r}: on_failure must be a plain handler, not a function made by "
                "create_function: it becomes the function of its own failures."
            )
        if on_failure is not None and not callable(on_failure):
            raise FunctionConfigInvalidError(
                f"function {full_id!r}: on_failure must be a function, not {on_failure!r:.80}."
            )
        triggers = tuple(trigger) if isinstance(trigger, list | tuple) else (trigger,)

        def decorate(handler: Handler) -> Function:
            title = full_id if name is None else name
            function = Function(
                id=full_id,
                name=title,
                handler=handler,
                triggers=triggers,
                retries=retries,
                parallel_mode=parallel_mode or self.parallel_mode,
                strict=strict,
                threads=threads,
                fan_out=fan_out,
                version=self.app_version or "",
                app_id=self.app_id,
                on_failure=on_failure
                and failure_handler(full_id, title, on_failure, app_id=self.app_id),
                output_type=output_type,
                cancel=as_tuple(full_id, "cancel", cancel),
                idempotency=idempotency,
                timeouts=timeouts,
                later=given,
            )
            registry.add(function)
            return function

        return decorate

    @has_twin
    def send(self, events: Event | Sequence[Event]) -> list[str]:
        """Store one event or several, and start the functions they trigger.

        Joins the caller's transaction: when that is rolled back, nothing was sent.

        Returns:
            The id of each stored event; that of the first one where an `id` was sent before.

        Raises:
            EventInvalidError, OutputUnserializableError, LimitExceededError: nothing was stored.
        """
        if isinstance(events, Event):
            events = [events]
        if not isinstance(events, list | tuple):
            raise EventInvalidError(
                f"send takes a durable.Event or a list of them, not {type(events).__name__}. "
                "Write durable.send(durable.Event(name=…, data=…))."
            )
        return cast(list[str], engine().ingest(events))

    async def asend(self, events: Event | Sequence[Event]) -> list[str]:
        """Do the same from async code."""
        return await sync_to_async(self.send)(events)


default = Client()
