"""What people do to runs: retry, replay, repair."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import durable
from durable import clock
from durable.errors import DurableError
from durable.models import Attempt, Blob, Run, Step
from durable.models.status import FINAL_RUN
from durable.operations.erase import erase
from durable.operations.intervene import deliver_to, skip_sleep
from durable.operations.prune import prune
from durable.operations.retention import Retention
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


def patient(ctx: durable.ContextSync) -> dict[str, Any]:
    ctx.step.sleep("nap", timedelta(days=3))
    event = ctx.step.wait_for_event("wait", event="answer", timeout=timedelta(days=3))
    n = None if event is None else event.data["n"]
    return {"n": n, "last": ctx.step.run("last", act, "last")}


def hurry(stage: Stage) -> None:
    """Have the sleep skipped and the event delivered by hand; each by who asks again if he must."""
    stage.send("go", "go")
    stage.work()
    run = stage.run_of("f", "go").pk
    for do in (
        lambda: skip_sleep(run, "nap"),
        lambda: deliver_to(run, "wait", {"n": 8}, name="answer"),
    ):
        with suppress(DurableError):  # it has been done, or its time has come
            do()
        stage.work()
    stage.rest()


def hurried(stage: Stage) -> None:
    run = stage.run_of("f", "go")
    wait = run.steps.get(name="wait")
    assert wait.started and wait.ended
    by_time = wait.ended - wait.started >= timedelta(days=3) - timedelta(milliseconds=2)
    assert run.result["n"] == (None if by_time else 8), "what was delivered by hand was lost"


def forget(stage: Stage) -> None:
    """Have what is old pruned, twice, as a nightly job that died is begun anew."""
    if not stage.notes.get("pruning"):
        stage.send("go", "go")
        stage.rest()
        if not stage.notes.setdefault("is_later", False):
            clock.travel(timedelta(days=3))
            stage.notes["is_later"] = True
        stage.send("go", "young")
        stage.rest()
    stage.notes["pruning"] = True
    ages = {str(status): timedelta(days=2) for status in FINAL_RUN}
    for _ in prune(stage.store, Retention(usual=ages), size=1):
        pass
    stage.ledger.pop("go", None)


def forgotten(stage: Stage) -> None:
    """It went whole: what is left is whole, and belongs to the young run."""
    rows = [Step, Attempt, Blob]
    left = {pk for model in rows for pk in model._base_manager.values_list("run", flat=True)}
    assert left == {stage.run_of("f", "young").pk}


def wiped_out(stage: Stage) -> None:
    stage.send("go", "go")
    stage.rest()
    erase(stage.run_of("f", "go").pk)


def emptied(stage: Stage) -> None:
    run = stage.run_of("f", "go")
    assert run.erased is not None and run.output is None
    assert not Blob.objects.exists() and not Step.objects.exclude(output=None).exists()


SCENARIOS = (
    Scenario(
        name="skip and deliver by hand",
        define=lambda: function(patient, "f"),
        live=hurry,
        ends={"f": "completed"},
        bodies={"last": 1},
        check=hurried,
        is_timely=True,
    ),
    Scenario(
        name="retention",
        define=lambda: function(simple, "f"),
        live=forget,
        ends={"f": "completed"},
        bodies={"first": 2, "large": 2, "last": 2},
        check=forgotten,
        is_timely=True,
    ),
    Scenario(
        name="erase",
        define=lambda: function(simple, "f"),
        live=wiped_out,
        ends={"f": "completed"},
        bodies={"first": 1, "large": 1, "last": 1},
        check=emptied,
        is_timely=True,
    ),
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
