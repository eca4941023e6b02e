"""Runs that are cancelled: wherever they stand, by people, by events, by their own limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import durable
from durable.models import Run
from tests.campaigns.scenarios.scenario import Scenario, act, function, go
from tests.campaigns.stage import Stage, stage

HOUR = timedelta(hours=1)


def long(ctx: durable.ContextSync) -> dict[str, Any]:
    first = ctx.step.run("first", act, "first")
    ctx.group.parallel(
        (
            lambda: ctx.step.wait_for_event("wait", event="never", timeout="2h"),
            lambda: ctx.step.invoke_by_id("call", function_id="child"),
            lambda: ctx.step.sleep("nap", HOUR),
        )
    )
    return {"first": first, "last": ctx.step.run("last", act, "last")}


def child(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", HOUR)
    return str(ctx.step.run("child's", act, "child's"))


def suicidal(ctx: durable.ContextSync) -> dict[str, Any]:
    first = ctx.step.run("first", act, "first")
    ctx.step.run("cancel", _cancel_me, ctx.run_id)
    return {"first": first, "last": ctx.step.run("last", act, "last")}


def _cancel_me(run_id: str) -> None:
    durable.cancel(run_id)
    stage().notes["cancelled"] = len(stage().journal)


def _cancel(stage: Stage) -> None:
    durable.cancel(stage.run_of("f", "go").pk)
    stage.notes.setdefault("cancelled", len(stage.journal))


def while_queued(stage: Stage) -> None:
    stage.send("go", "go")
    _cancel(stage)
    stage.rest()


def while_waiting(stage: Stage) -> None:
    stage.send("go", "go")
    stage.work()
    _cancel(stage)
    stage.rest()


def failing(ctx: durable.ContextSync) -> None:
    first = ctx.step.run("first", act, "first")
    ctx.step.run("shaky", _not_now)
    ctx.step.run("last", act, first)


def _not_now() -> None:
    act("shaky")
    raise durable.RetryAfterError("not now", HOUR)


def while_retrying(stage: Stage) -> None:
    """Cancel between two tries of a step."""
    stage.send("go", "go")
    stage.work()
    _cancel(stage)
    stage.rest()


def after_the_end(stage: Stage) -> None:
    stage.send("go", "go")
    stage.rest()
    assert durable.cancel(stage.run_of("f", "go").pk) is False


def by_event(stage: Stage) -> None:
    stage.send("go", "go")
    stage.work()
    stage.send("stop", "stop")
    stage.work()
    # Whoever dies while he hands the event out is followed by another, after a while.
    stage.rest()


def nothing_more(stage: Stage) -> None:
    """No body of the run begins after its cancel was confirmed."""
    after = [mark for mark, _ in stage.journal[stage.notes["cancelled"] :]]
    assert not {"first", "last"} & set(after), f"bodies began after the cancel: {after}"
    assert Run.objects.get(function="f").output is None


def not_last(stage: Stage) -> None:
    assert stage.count("last") == 0


def _both(**options: Any) -> None:
    function(long, "f", **options)
    function(child, "child", "never")


SCENARIOS = (
    Scenario(
        name="cancel, queued",
        define=_both,
        live=while_queued,
        is_timely=True,
        ends={"f": "cancelled"},
        check=nothing_more,
    ),
    Scenario(
        name="cancel, waiting",
        define=_both,
        live=while_waiting,
        is_timely=True,
        ends={"f": "cancelled", "child": "completed"},
        bodies={"first": 1, "child's": 1},
        check=nothing_more,
        maybe=("child", "first", "child's"),
    ),
    Scenario(
        name="cancel, retrying",
        define=lambda: function(failing, "f"),
        live=while_retrying,
        is_timely=True,
        ends={"f": "cancelled"},
        bodies={"first": 1, "shaky": 1},
        check=nothing_more,
        maybe=("first", "shaky"),
    ),
    Scenario(
        name="cancel, running",
        define=lambda: function(suicidal, "f"),
        live=go,
        is_timely=True,
        ends={"f": "cancelled"},
        bodies={"first": 1},
        check=not_last,
    ),
    Scenario(
        name="cancel, ended",
        define=_both,
        live=after_the_end,
        is_timely=True,
        ends={"f": "completed", "child": "completed"},
        bodies={"first": 1, "last": 1, "child's": 1},
    ),
    Scenario(
        name="cancel by event",
        define=lambda: _both(cancel=[durable.Cancel(event="stop")]),
        live=by_event,
        is_timely=True,
        ends={"f": "cancelled", "child": "completed"},
        bodies={"first": 1, "child's": 1},
        check=not_last,
        maybe=("child", "first", "child's"),
    ),
    Scenario(
        name="cancel by time",
        define=lambda: _both(timeouts=durable.Timeouts(finish=timedelta(minutes=30))),
        live=go,
        is_timely=True,
        ends={"f": "cancelled", "child": "completed"},
        bodies={"first": 1, "child's": 1},
        check=not_last,
        maybe=("child", "first", "child's"),
    ),
)
