"""Many at once: events sent together, one verb on many runs, a function that is paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import durable
from durable import clock
from durable.authoring.registry import registry
from durable.models import Event, Operation, Run
from durable.operations.audit import Actor
from durable.operations.configure import pause_function, resume_function
from durable.operations.selection import Selection
from durable.own import bulk
from tests.campaigns.scenarios.scenario import Handler, Scenario, act, function
from tests.campaigns.stage import Stage, stage

SAM = Actor(who="sam", via="admin")
HOUR = timedelta(hours=1)


def quick(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"only": ctx.step.run("only", act, "only")}


def together(stage: Stage) -> None:
    """Send three events in one call, one of them twice; all of them again, if nobody answered."""
    ids = ["a", "b", "c", "a"]
    sent = durable.send([durable.Event(name="go", id=id, data={"of": id}) for id in ids])
    for id, accepted in zip(ids, sent, strict=True):
        assert stage.ledger.setdefault(id, accepted) == accepted, f"event {id} has two rows"
    stage.rest()


def all_there(stage: Stage) -> None:
    assert Event.objects.filter(name="go").count() == 3


def _with_many(handler: Handler) -> None:
    function(handler, "f")
    registry.add(bulk.act_on_all)


def sleeper(ctx: durable.ContextSync) -> dict[str, Any]:
    ctx.step.sleep("nap", 2 * HOUR)
    return {"late": ctx.step.run("late", act, "late")}


def cancel_all(stage: Stage) -> None:
    """Have all runs cancelled in the background; whoever asks twice asks once."""
    for id in "abc":
        stage.send("go", id)
    stage.work()
    if not stage.notes.get("cancelled"):
        bulk.ask(SAM, "cancel", Selection(function="f"), "once")
        stage.notes["cancelled"] = True
    stage.rest()


def asked_once(stage: Stage) -> None:
    assert Operation.objects.filter(action="cancel many").count() == 1
    run = Run.objects.get(function=bulk.FUNCTION)
    assert run.result["done"] + run.result["refused"] == run.result["total"] == 3


def retry_all(stage: Stage) -> None:
    """Have all that failed retried, after what was broken was mended."""
    for id in "abc":
        stage.send("go", id)
    if not stage.notes.get("mended"):
        stage.rest()
    stage.notes["mended"] = True
    if not stage.notes.get("asked"):
        bulk.ask(SAM, "retry", Selection(function="f", status="failed"), "once")
        stage.notes["asked"] = True
    stage.rest()


def fragile(ctx: durable.ContextSync) -> dict[str, Any]:
    if not stage().notes.get("mended"):
        raise durable.NonRetriableError("broken")
    return {"only": ctx.step.run("only", act, "only")}


def paused(stage: Stage) -> None:
    """Pause the function before its event comes, and resume it an hour later."""
    if "resumed" not in stage.notes:
        pause_function("f", actor=SAM)
        stage.send("go", "go")
        stage.rest()
        assert stage.count("only") == 0, "a paused function began"
        stage.notes.setdefault("resumed", False)
    if not stage.notes["resumed"]:
        clock.travel(HOUR)
        resume_function("f", actor=SAM)
        stage.notes["resumed"] = True
        stage.boot()  # a process looks at what was said once in a while
    stage.rest()


SCENARIOS = (
    Scenario(
        name="events together",
        define=lambda: function(quick, "f"),
        live=together,
        ends={"f": ("completed", "completed", "completed")},
        bodies={"only": 3},
        check=all_there,
    ),
    Scenario(
        name="cancel many",
        define=lambda: _with_many(sleeper),
        live=cancel_all,
        ends={"f": ("cancelled", "cancelled", "cancelled"), bulk.FUNCTION: "completed"},
        check=asked_once,
        is_timely=True,
    ),
    Scenario(
        name="retry many",
        define=lambda: _with_many(fragile),
        live=retry_all,
        ends={"f": ("completed", "completed", "completed"), bulk.FUNCTION: "completed"},
        bodies={"only": 3},
        is_timely=True,
    ),
    Scenario(
        name="paused function",
        define=lambda: function(quick, "f"),
        live=paused,
        ends={"f": "completed"},
        bodies={"only": 1},
        is_timely=True,
    ),
)
