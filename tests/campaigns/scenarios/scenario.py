"""What a scenario is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import durable
from tests.campaigns.points import Fault
from tests.campaigns.stage import Stage, stage

Handler = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Functions, what clients and workers do, and what must be so in the end.

    Args:
        name: for people.
        define: registers the functions.
        live: what is done, from the first event to rest. A process that died begins it anew, so each part
            of it is such that a client may do it again.
        ends: statuses of the runs in the end, by function, or function and step if the run is only
            that; of several runs in order.
        bodies: executions of each body when nothing goes wrong.
        check: what else must be so.
        together: bodies that one process has under way at the same time, at most.
        effects: bodies whose writes commit with their record.
        maybe: functions that a fault may keep from being started, because a cancel comes before.
        is_timely: how it ends depends on who comes first, the client or the end of a pause.
        is_deadly: its bodies end their process.
        decided: what takes the place of names of durable, where a stopwatch would decide.
        spared: faults that are not played, because they end the run by rights.
    """

    name: str
    define: Callable[[], object]
    live: Callable[[Stage], None]
    ends: Mapping[str, str | tuple[str, ...]]
    bodies: Mapping[str, int] = field(default_factory=dict)
    check: Callable[[Stage], None] = lambda stage: None
    together: int = 1
    effects: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    is_timely: bool = False
    is_deadly: bool = False
    decided: Mapping[str, Any] = field(default_factory=dict)
    spared: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return self.name


def function(handler: Handler, fn_id: str, event: str = "go", **options: Any) -> durable.Function:
    """Register a function."""
    trigger = options.pop("trigger", None) or durable.TriggerEvent(event=event)
    return durable.create_function(fn_id=fn_id, trigger=trigger, **options)(handler)


def act(mark: str) -> str:
    """Be the body of a step."""
    return stage().act(mark)


def stumble(mark: str) -> str:
    """Be the body of a step that fails at its first try."""
    result = act(mark)
    if stage().count(mark) == 1:
        raise ValueError(f"{mark} fails once")
    return result


def go(stage: Stage) -> None:
    """Send the event, and work until all is done."""
    stage.send("go", "go")
    stage.rest()
