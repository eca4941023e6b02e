"""Racers that a function no longer waits for neither hold up nor spoil what comes after them."""

from __future__ import annotations

import durable
from durable.models import Run
from durable.store import Store
from tests.invariants import stage

RACE = durable.ParallelMode.RACE


def refuse() -> None:
    raise durable.NonRetriableError("no")


def stumble() -> str:
    stage.journal.append("stumble")
    raise ValueError("later")


def define() -> None:
    @durable.create_function(fn_id="left", trigger=durable.TriggerEvent(event="invariant"))
    def left(ctx: durable.ContextSync) -> dict[str, str]:
        run = ctx.step.run
        try:
            ctx.group.parallel(
                (
                    lambda: run("refused", refuse),
                    lambda: run("retried", stumble),
                    lambda: run("slow", stage.say, "slow"),
                ),
                parallel_mode=RACE,
            )
        except durable.StepError:
            p, q = ctx.group.parallel(
                (lambda: run("p", stage.say, "p"), lambda: run("q", stage.say, "q"))
            )
        return {"p": p, "q": q}


def played(store: Store) -> Run:
    define()
    run = stage.send()
    stage.work(stage.worker(store, "only", workers=1))
    return Run.objects.get(pk=run)


def test_a_group_does_not_wait_for_racers_of_an_earlier_one(store: Store) -> None:
    run = played(store)
    assert (run.status, run.result) == ("completed", {"p": "p 1", "q": "q 1"})


def test_racers_that_are_left_behind_run_or_are_closed(store: Store) -> None:
    run = played(store)
    stage.check_end(run)
    left = dict(run.steps.filter(name__in=["slow", "retried"]).values_list("name", "status"))
    assert left == {"slow": "done", "retried": "cancelled"}
    assert stage.journal.count("slow") == 1
