"""What people do to runs: retry, replay, repair."""

from __future__ import annotations

from typing import Any

import durable
from durable.models import Run
from tests.campaigns.scenarios.scenario import Scenario, act, function
from tests.campaigns.stage import Stage, stage


def fragile(ctx: durable.ContextSync) -> dict[str, Any]:
    """Fail until somebody has mended what was broken."""
    first = ctx.step.run("first", act, "first")
    ctx.step.run("fragile", _fragile)
    return {"first": first, "last": ctx.step.run("last", act, "last")}


def _fragile() -> str:
    if not stage().notes.get("mended"):
        raise durable.NonRetriableError("broken")
    return act("fragile")


def simple(ctx: durable.ContextSync) -> dict[str, Any]:
    first = ctx.step.run("first", act, "first")
    large = ctx.step.run("large", lambda: act("large") * 400)
    return {"first": first, "large": large, "last": ctx.step.run("last", act, "last")}


def fail_and_retry(stage: Stage) -> None:
    stage.send("go", "go")
    if not stage.notes.get("mended"):
        stage.rest()
    stage.notes["mended"] = True
    run = stage.run_of("f", "go")
    if run.status == "failed":
        durable.retry(run.pk)
    stage.rest()


def play_and_replay(stage: Stage) -> None:
    stage.send("go", "go")
    stage.rest()
    run = stage.run_of("f", "go")
    if not Run.objects.filter(replay_of=run.pk).exists():
        durable.replay(run.pk, from_step="last")
    stage.rest()


def repeated(stage: Stage) -> None:
    run = stage.run_of("f", "go")
    copy = Run.objects.get(replay_of=run.pk)
    assert copy.result["first"] == run.result["first"], "a step before the one named ran again"
    assert copy.result["large"] == run.result["large"], "a large value was not copied"


SCENARIOS = (
    Scenario(
        name="retry",
        define=lambda: function(fragile, "f"),
        live=fail_and_retry,
        ends={"f": "completed"},
        bodies={"first": 1, "fragile": 1, "last": 1},
    ),
    Scenario(
        name="replay",
        define=lambda: function(simple, "f"),
        live=play_and_replay,
        ends={"f": ("completed", "completed")},
        bodies={"first": 1, "large": 1, "last": 2},
        check=repeated,
    ),
)
