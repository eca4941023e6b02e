"""A function: id, triggers, options, handler."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from durable import codec
from durable.authoring.argument import expect, expect_expression, expect_range
from durable.authoring.event import FAILED
from durable.authoring.flow import Cancel, Timeouts
from durable.authoring.trigger import Trigger, TriggerCron, TriggerEvent
from durable.authoring.version import version_of
from durable.errors import FunctionConfigInvalidError
from durable.expressions.expression import TRIGGER
from durable.playback.body import is_coroutine_function
from durable.playback.request import ParallelMode
from durable.typed.output import OutputType
from durable.typed.shape import UnsupportedTypeError

_ID = re.compile(r"[a-z0-9._-]{1,200}")
MOST_TRIGGERS, MOST_RETRIES, MOST_THREADS = 10, 20, 256
MOST_CANCELS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Function:
    """What `create_function` makes of a handler.

    `on_failure` is the function that is started when a run of this one has failed.

    `later` names the arguments it was given that this version accepts but does not act on; a system
    check turns each into an error.
    """

    id: str
    name: str
    handler: Callable[..., Any]
    triggers: tuple[Trigger, ...]
    retries: int | None = None
    parallel_mode: ParallelMode | None = None
    strict: bool | None = None
    threads: int = 1
    app_id: str = ""
    on_failure: Function | None = None
    output_type: Any = None  # of what the handler returns; None for plain JSON
    cancel: tuple[Cancel, ...] = ()
    idempotency: str | None = None
    timeouts: Timeouts | None = None
    later: Mapping[str, Any] = field(default_factory=dict)
    fan_out: bool = False
    version: str = ""  # of its code, computed if it is not given

    def __post_init__(self) -> None:
        where = f"function {self.id!r}"
        self._check_id(where)
        expect(where, "name", self.name, str)
        expect(where, "retries", self.retries, int, type(None))
        expect(where, "parallel_mode", self.parallel_mode, ParallelMode, type(None))
        expect(where, "strict", self.strict, bool, type(None))
        expect(where, "threads", self.threads, int)
        expect(where, "fan_out", self.fan_out, bool)
        expect(where, "timeouts", self.timeouts, Timeouts, type(None))
        expect_expression(where, "idempotency", self.idempotency, TRIGGER)
        expect_range(where, "threads", self.threads, 1, MOST_THREADS)
        if self.retries is not None:
            expect_range(where, "retries", self.retries, 0, MOST_RETRIES)
        self._check_triggers(where)
        self._check_cancel(where)
        self._check_handler(where)
        self._check_on_failure(where)
        self._check_output_type(where)
        if not self.version:
            object.__setattr__(self, "version", version_of(self.handler))

    @cached_property
    def output(self) -> OutputType | None:
        """What its results are stored as, and how who looks at them gets them; None for plain JSON.

        A step that invokes it has this as the `output_type` of what it asks for.
        """
        return None if self.output_type is None else OutputType.of(self.output_type)

    def value_of(self, text: str | None) -> Any:
        """Return the result of one of its runs, of its type, from the text that was recorded.

        Raises:
            OutputMismatchError: it does not fit the type.
        """
        plain = None if text is None else codec.decode(text)
        if self.output is None:
            return plain
        return self.output.load(plain, f"The result of function {self.id!r}")

    @cached_property
    def is_async(self) -> bool:
        """Whether the handler is awaited."""
        return is_coroutine_function(self.handler)

    @cached_property
    def takes_step(self) -> bool:
        """Whether the handler is of the older spelling, with `step` as its second parameter."""
        return len(_positional(self.handler)) == 2

    @property
    def place(self) -> str:
        """File and line of the handler."""
        code = getattr(inspect.unwrap(self.handler), "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(self.handler)

    def _check_id(self, where: str) -> None:
        expect(where, "fn_id", self.id, str)
        if not _ID.fullmatch(self.id):
            raise FunctionConfigInvalidError(
                f"{where}: fn_id must be lower-case letters, digits, dots, dashes or underscores."
            )

    def _check_cancel(self, where: str) -> None:
        for cancel in self.cancel:
            expect(where, "cancel", cancel, Cancel)
        if len(self.cancel) > MOST_CANCELS:
            raise FunctionConfigInvalidError(
                f"{where}: cancel may name {MOST_CANCELS} events, not {len(self.cancel)}."
            )

    def _check_triggers(self, where: str) -> None:
        for trigger in self.triggers:
            expect(where, "trigger", trigger, TriggerEvent, TriggerCron)
            if isinstance(trigger, TriggerEvent):
                place = f"{where}: TriggerEvent(event={trigger.event!r})"
                expect_expression(place, "expression", trigger.expression, TRIGGER)
        if not 1 <= len(self.triggers) <= MOST_TRIGGERS:
            raise FunctionConfigInvalidError(
                f"{where}: a function has 1 to {MOST_TRIGGERS} triggers, not {len(self.triggers)}."
            )

    def _check_handler(self, where: str) -> None:
        if not callable(self.handler):
            raise FunctionConfigInvalidError(f"{where}: the handler is not a function.")
        if not _takes_context(self.handler):
            raise FunctionConfigInvalidError(
                f"{where}: the handler takes one parameter, the context (or two: ctx, step)."
            )
        if inspect.isasyncgenfunction(self.handler) or inspect.isgeneratorfunction(self.handler):
            raise FunctionConfigInvalidError(f"{where}: the handler must not be a generator.")

    def _check_on_failure(self, where: str) -> None:
        if self.on_failure is not None and self.on_failure.is_async is not self.is_async:
            wanted = "async def, as the function is" if self.is_async else "a plain function, too"
            raise FunctionConfigInvalidError(f"{where}: on_failure must be {wanted}.")

    def _check_output_type(self, where: str) -> None:
        try:
            _ = self.output
        except UnsupportedTypeError as error:
            raise FunctionConfigInvalidError(f"{where}: output_type: {error}") from error


def failure_handler(
    function_id: str, name: str, handler: Callable[..., Any], *, app_id: str
) -> Function:
    """Make the function that is started when a run of another has failed, and is tried once."""
    return Function(
        id=f"{function_id}-failure",
        name=f"{name} (failure)",
        handler=handler,
        triggers=(TriggerEvent(event=FAILED),),
        retries=0,
        app_id=app_id,
    )


def _takes_context(handler: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return False
    keyword_only = inspect.Parameter.KEYWORD_ONLY
    if any(p.kind is keyword_only and p.default is p.empty for p in parameters):
        return False
    return len(_positional(handler)) in (1, 2)


def _positional(handler: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(handler).parameters.values()
    return [p for p in parameters if p.kind in kinds and p.default is p.empty]
