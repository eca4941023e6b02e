"""What takes time: sleeps, waits, invocations, schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import durable
from durable import clock
from durable.models import Event, Run
from tests.campaigns.scenarios.scenario import Scenario, act, function, go
from tests.campaigns.stage import LEASE, Stage

HOUR = timedelta(hours=1)
ROUNDING = timedelta(milliseconds=2)  # of a database whose clock has no finer unit
NOON = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


def sleeper(ctx: durable.ContextSync) -> dict[str, Any]:
    before = ctx.step.run("before", act, "before")
    ctx.step.sleep("nap", HOUR)
    return {"before": before, "after": ctx.step.run("after", act, "after")}


def slept(stage: Stage) -> None:
    assert lasted(stage, "nap") >= HOUR, "a sleep ended early"


def lasted(stage: Stage, step: str) -> timedelta:
    """Return how long a planned step took, by the database's clock."""
    row = stage.run_of("f", "go").steps.get(name=step)
    assert row.started and row.ended
    return row.ended - row.started + ROUNDING


def waiter(ctx: durable.ContextSync, lookback: str | None = None) -> dict[str, Any]:
    before = ctx.step.run("before", act, "before")
    event = ctx.step.wait_for_event(
        "wait", event="answer", timeout=HOUR, if_exp="async.data.to == 1", lookback=lookback
    )
    n = None if event is None else event.data["n"]
    return {"before": before, "n": n, "after": ctx.step.run("after", act, "after")}


def looking_back(ctx: durable.ContextSync) -> dict[str, Any]:
    return waiter(ctx, "1d")


def wait_then_answer(stage: Stage) -> None:
    stage.send("go", "go")
    stage.work()
    stage.send("answer", "other", to=2, n=7)
    stage.send("answer", "answer", to=1, n=8)
    stage.rest()


def answer_then_wait(stage: Stage) -> None:
    stage.send("answer", "answer", to=1, n=8)
    stage.work()
    stage.send("go", "go")
    stage.rest()


def answered(stage: Stage) -> None:
    """Once the run waits, an event comes through; a crash before that may let the time pass instead."""
    result = stage.run_of("f", "go").result
    if result["n"] is None:
        waited = stage.run_of("f", "go").steps.get(name="wait")
        # Who is paused before the commit has written down a time of before, at which nobody could see it.
        came = max(Event.objects.get(pk=stage.ledger["answer"]).received, stage.answers["answer"])
        assert waited.started and waited.ended
        in_time = min(waited.ended, waited.started + HOUR)
        assert not waited.started < came < in_time, "the event was missed"
    else:
        assert result["n"] == 8


def found(stage: Stage) -> None:
    assert stage.run_of("f", "go").result["n"] == 8, "the event of before was missed"


def timed_out(stage: Stage) -> None:
    assert stage.run_of("f", "go").result["n"] is None
    assert lasted(stage, "wait") >= HOUR, "a wait ended early"


def caller(ctx: durable.ContextSync) -> dict[str, Any]:
    before = ctx.step.run("before", act, "before")
    result = ctx.step.invoke_by_id("call", function_id="child", data={"n": 4})
    try:
        ctx.step.invoke_by_id("call bad", function_id="bad")
    except durable.StepError as error:
        return {"before": before, "child": result, "error": error.message}
    return {}


def child(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"n": ctx.event.data["n"], "work": ctx.step.run("work", act, "work")}


def bad(ctx: durable.ContextSync) -> None:
    raise durable.NonRetriableError("bad child")


def called(stage: Stage) -> None:
    run = stage.run_of("f", "go")
    assert run.result["child"] == Run.objects.get(function="child").result
    assert run.result["error"] == "bad child"
    assert set(Run.objects.filter(parent=run).values_list("function", flat=True)) == {
        "child",
        "bad",
    }


def impatient(ctx: durable.ContextSync) -> dict[str, Any]:
    before = ctx.step.run("before", act, "before")
    try:
        ctx.step.invoke_by_id("call", function_id="child", data={"n": 4}, timeout=HOUR)
    except durable.StepError as error:
        return {"before": before, "error": error.name, "after": ctx.step.run("after", act, "after")}
    return {}


def slow_child(ctx: durable.ContextSync) -> dict[str, Any]:
    ctx.step.sleep("nap", 3 * HOUR)
    return {"work": ctx.step.run("work", act, "work")}


def gave_up(stage: Stage) -> None:
    assert stage.run_of("f", "go").result["error"] == "InngestInvokeTimeoutError"
    assert lasted(stage, "call") >= HOUR, "an invocation was given up early"


def ticker(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"tick": ctx.step.run("tick", act, "tick")}


def two_ticks(stage: Stage) -> None:
    """Be there at noon, and then at two times of a line that comes every hour."""
    for moment in (
        NOON,
        NOON + HOUR + timedelta(minutes=1),
        NOON + 2 * HOUR + timedelta(minutes=1),
    ):
        if clock.now() < moment:
            clock.travel(moment - clock.now())
        stage.work()
        stage.work()
    clock.travel(timedelta(seconds=LEASE + 1))  # of who claimed it, and was not told that he had
    stage.work()


def ticked(stage: Stage) -> None:
    ticks = list(
        Event.objects.filter(runs__function="f").order_by("ts").values_list("ts", flat=True)
    )
    assert ticks == [NOON + HOUR, NOON + 2 * HOUR], f"the times started were {ticks}"


_WAIT = {"before": 1, "after": 1}


def _waiting(name: str, handler: Any, live: Any, check: Any) -> Scenario:
    return Scenario(
        name=name,
        define=lambda: function(handler, "f"),
        live=live,
        ends={"f": "completed"},
        bodies=_WAIT,
        check=check,
    )


SCENARIOS = (
    _waiting("sleep", sleeper, go, slept),
    _waiting("wait", waiter, wait_then_answer, answered),
    _waiting("wait, event first", looking_back, answer_then_wait, found),
    _waiting("wait, no event", waiter, go, timed_out),
    Scenario(
        name="invoke",
        define=lambda: (
            function(caller, "f"),
            function(child, "child", "never"),
            function(bad, "bad", "never"),
        ),
        live=go,
        ends={"f": "completed", "child": "completed", "bad": "failed"},
        bodies={"before": 1, "work": 1},
        check=called,
    ),
    Scenario(
        name="invoke, too slow",
        define=lambda: (function(impatient, "f"), function(slow_child, "child", "never")),
        live=go,
        ends={"f": "completed", "child": "completed"},
        bodies={"before": 1, "after": 1, "work": 1},
        check=gave_up,
    ),
    Scenario(
        name="cron",
        define=lambda: function(ticker, "f", trigger=durable.TriggerCron(cron="TZ=UTC 0 * * * *")),
        live=two_ticks,
        ends={"f": ("completed", "completed")},
        bodies={"tick": 2},
        check=ticked,
        is_timely=True,
    ),
)
