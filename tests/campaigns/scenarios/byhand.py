"""What people do in the admin, each with its line in the audit log: send again, run now, retry, replay."""

from __future__ import annotations

from typing import Any

import durable
from durable.models import Operation, Run
from durable.operations.act import Deed, act
from durable.operations.audit import Actor
from durable.operations.dispatch import invoke_function, resend_event
from tests.campaigns.scenarios.scenario import Scenario, function
from tests.campaigns.scenarios.scenario import act as body
from tests.campaigns.stage import Stage, stage

SAM = Actor(who="sam", via="admin")


def quick(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"only": ctx.step.run("only", body, "only")}


def broken(ctx: durable.ContextSync) -> dict[str, Any]:
    if not stage().notes.get("mended"):
        raise durable.NonRetriableError("broken")
    return {"mended": ctx.step.run("mended", body, "mended")}


def define() -> None:
    function(quick, "f")
    function(broken, "g", "never")


def attend(stage: Stage) -> None:
    """Do one after the other, each unless it is seen to have been done."""
    stage.send("go", "go")
    stage.rest()
    first = stage.run_of("f", "go")
    if not Run.objects.filter(function="f", replay=1).exists():
        assert first.event_id is not None
        resend_event(first.event_id, ["f"], actor=SAM)
    if not Run.objects.filter(replay_of=first.pk).exists():
        act(SAM, Deed(verb="replay", run=first.pk))
    if not Run.objects.filter(function="g").exists():
        invoke_function("g", {}, actor=SAM)
    if not stage.notes.get("mended"):
        stage.rest()
    stage.notes["mended"] = True
    run = Run.objects.get(function="g")
    if run.status == "failed":
        act(SAM, Deed(verb="retry", run=run.pk))
    stage.rest()


def written(stage: Stage) -> None:
    book = sorted(Operation.objects.values_list("action", flat=True))
    assert book == ["invoke", "replay", "resend", "retry"], f"the audit log says {book}"


SCENARIOS = (
    Scenario(
        name="by hand",
        define=define,
        live=attend,
        ends={"f": ("completed", "completed", "completed"), "g": "completed"},
        bodies={"only": 3, "mended": 1},
        check=written,
    ),
)
