"""A function: id, triggers, options, handler."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from durable.authoring.argument import expect, expect_range
from durable.authoring.trigger import Trigger, TriggerCron, TriggerEvent
from durable.errors import FunctionConfigInvalidError
from durable.replay.request import ParallelMode
from durable.replay.service import is_coroutine_function

_ID = re.compile(r"[a-z0-9._-]{1,200}")
MOST_TRIGGERS, MOST_RETRIES, MOST_THREADS = 10, 20, 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Function:
    """What `create_function` makes of a handler.

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
    later: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"function {self.id!r}"
        self._check_id(where)
        expect(where, "name", self.name, str)
        expect(where, "retries", self.retries, int, type(None))
        expect(where, "parallel_mode", self.parallel_mode, ParallelMode, type(None))
        expect(where, "strict", self.strict, bool, type(None))
        expect(where, "threads", self.threads, int)
        expect_range(where, "threads", self.threads, 1, MOST_THREADS)
        if self.retries is not None:
            expect_range(where, "retries", self.retries, 0, MOST_RETRIES)
        self._check_triggers(where)
        self._check_handler(where)

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

    def _check_triggers(self, where: str) -> None:
        for trigger in self.triggers:
            expect(where, "trigger", trigger, TriggerEvent, TriggerCron)
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
