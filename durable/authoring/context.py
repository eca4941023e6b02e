"""What a function is called with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from durable.authoring.async_step import Step
from durable.authoring.event import Event
from durable.authoring.group import Group, GroupSync
from durable.authoring.step import StepSync
from durable.playback.tape import Tape


class _QuietInReplay(logging.LoggerAdapter[logging.Logger]):
    """Drops what code says that has said it before, and adds the run's id to the rest."""

    def __init__(self, logger: logging.Logger, tape: Tape, run_id: str) -> None:
        super().__init__(logger, {"run_id": run_id})
        self._tape = tape

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name is logging's
        return not self._tape.is_quiet and super().isEnabledFor(level)

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        kwargs["extra"] = {**(self.extra or {}), **kwargs.get("extra", {})}
        return msg, kwargs


class _BaseContext:
    """The part that sync and async functions share."""

    def __init__(self, *, tape: Tape, run_id: str, events: Sequence[Event]) -> None:
        self._tape = tape
        self.run_id = run_id
        self.events = list(events)
        self.logger = _QuietInReplay(logging.getLogger("durable.run"), tape, run_id)

    @property
    def event(self) -> Event:
        """The event that started the run; the first of them when it was started by a batch."""
        return self.events[0]

    @property
    def attempt(self) -> int:
        """Failed tries of the step or stretch of code now running; 0 the first time."""
        return self._tape.visible_attempt


class Context(_BaseContext):
    """Given to async functions."""

    def __init__(
        self,
        *,
        tape: Tape,
        run_id: str,
        events: Sequence[Event],
        threads: int = 1,
        app_id: str = "",
    ) -> None:
        super().__init__(tape=tape, run_id=run_id, events=events)
        self.group = Group(tape)
        self.step = Step(tape, self.group, next(iter(events), None), app_id)


class ContextSync(_BaseContext):
    """Given to sync functions."""

    def __init__(
        self,
        *,
        tape: Tape,
        run_id: str,
        events: Sequence[Event],
        threads: int = 1,
        app_id: str = "",
    ) -> None:
        super().__init__(tape=tape, run_id=run_id, events=events)
        self.group = GroupSync(tape, threads)
        self.step = StepSync(tape, self.group, next(iter(events), None), app_id)
