"""Fan-out: each step of a group is a run of its own, and what comes of that is what comes of the step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

import durable
from durable import ParallelMode, clock
from durable.authoring.event import FINISHED
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine.overrides import overrides
from durable.errors import RunStateError
from durable.models import Attempt, Blob, Event, Run, Step
from durable.operations.audit import Actor
from durable.operations.configure import configure_function, pause_function, resume_function
from durable.operations.erase import erase
from durable.operations.figures import figures
from durable.operations.rollup import advance
from durable.operations.verify import verify
from durable.testing import Workflows, replay_test
from tests.harness import Player, asay, give, journal, note, say, steps_of, stumble, sync_and_async

MODES = pytest.mark.parametrize("mode", ParallelMode)
NAMES = ("a", "b", "c")


def fan(ctx: durable.ContextSync) -> list[str]:
    first = ctx.step.run("first", say, "first")
    results = ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in NAMES))
    return [first, *results, ctx.step.run("last", say, "last")]


async def afan(ctx: durable.Context) -> list[str]:
    first = await ctx.step.run("first", asay, "first")
    results = await ctx.group.parallel(
        tuple(partial(ctx.step.run, name, asay, name) for name in NAMES)
    )
    return [first, *results, await ctx.step.run("last", asay, "last")]


fans = sync_and_async(fan, afan)


def branches_of(run: Run) -> dict[str, Run]:
    """Return the runs of its steps, by the step."""
    return {one.step: one for one in Run.objects.filter(parent=run).order_by("pk")}


def start(player: Player, handler: Callable[..., Any], data: Any = None, **options: Any) -> Run:
    """Play as far as the first wave is planned."""
    player.define(handler, fan_out=True, **options)
    run = player.send(data)
    while not branches_of(run):
        assert player.worker.take_one()
    return run


@fans
@MODES
@pytest.mark.parametrize("strict", [False, True])
def test_each_step_of_a_group_is_a_run_of_its_own(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, fan_out=True, parallel_mode=mode, strict=strict)
    assert run.result == ["first", "a", "b", "c", "last"]
    assert steps_of(run) == dict.fromkeys(["first", "a", "b", "c", "last"], "done")
    assert sorted(journal) == ["a", "b", "c", "first", "last"]
    for name, branch in branches_of(run).items():
        assert (branch.status, branch.result, branch.function) == ("completed", name, "case")
        assert steps_of(branch) == {name: "done"}
        assert branch.parent_key == run.steps.get(name=name).key
    assert list(branches_of(run)) == ["a", "b", "c"]
    assert set(run.steps.exclude(op="run").values_list("name", flat=True)) == set(NAMES)


def test_a_branch_says_whose_step_it_is(player: Player) -> None:
    run = start(player, fan)
    branch = branches_of(run)["b"]
    assert (branch.title, branch.event, branch.parent) == ("case / b", None, run)
    assert (branch.tenant, branch.subject) == (run.tenant, run.subject)


def test_the_site_turns_it_on_and_off_without_a_deploy(player: Player) -> None:
    player.define(fan)
    anna = Actor(who="anna", via="admin")
    configure_function("case", {"fan_out": True}, actor=anna)
    overrides.forget()
    assert len(branches_of(player.settle(player.send()))) == 3
    configure_function("case", {"fan_out": False}, actor=anna)
    overrides.forget()
    assert branches_of(player.settle(player.send())) == {}


def test_the_site_overrules_the_code(player: Player) -> None:
    player.define(fan, fan_out=True)
    configure_function("case", {"fan_out": False}, actor=Actor(who="anna", via="admin"))
    overrides.forget()
    assert branches_of(player.settle(player.send())) == {}


def test_runs_that_are_under_way_end_when_it_is_turned_off(player: Player) -> None:
    run = start(player, fan)
    configure_function("case", {"fan_out": False}, actor=Actor(who="anna", via="admin"))
    overrides.forget()
    assert player.settle(run).result == ["first", "a", "b", "c", "last"]


def test_a_step_that_is_alone_runs_in_place(player: Player) -> None:
    def alone(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel((partial(ctx.step.run, "a", say, "a"),))

    run = player.play(alone, fan_out=True)
    assert (run.result, branches_of(run)) == (["a"], {})


def test_sleeps_and_sends_beside_are_no_runs(player: Player) -> None:
    def mixed(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            (
                partial(ctx.step.run, "a", say, "a"),
                partial(ctx.step.run, "b", say, "b"),
                partial(ctx.step.sleep, "rest", "1h"),
                lambda: len(ctx.step.send_event("tell", durable.Event(name="told"))),
            )
        )

    run = player.play(mixed, fan_out=True)
    assert run.result == ["a", "b", None, 1]
    assert list(branches_of(run)) == ["a", "b"]


def test_branches_with_several_steps_and_groups_within_are_fanned_out(player: Player) -> None:
    def nested(ctx: durable.ContextSync) -> Any:
        def inner(name: str) -> Any:
            pair = tuple(partial(ctx.step.run, f"{name}{n}", say, f"{name}{n}") for n in (1, 2))
            return [*ctx.group.parallel(pair), ctx.step.run(f"{name}3", say, f"{name}3")]

        return ctx.group.parallel((partial(inner, "x"), partial(inner, "y")))

    run = player.play(nested, fan_out=True)
    assert run.result == [["x1", "x2", "x3"], ["y1", "y2", "y3"]]
    assert sorted(branches_of(run)) == ["x1", "x2", "x3", "y1", "y2", "y3"]
    assert sorted(journal) == ["x1", "x2", "x3", "y1", "y2", "y3"]


def test_a_cap_holds_for_runs_of_steps(player: Player) -> None:
    player.define(fan, fan_out=True)
    configure_function("case", {"max_parallel": 2}, actor=Actor(who="anna", via="admin"))
    overrides.forget()
    run = player.send()
    most = 0
    while player.worker.take_one():
        most = max(most, Run.objects.filter(parent=run, ended=None).count())
    run.refresh_from_db()
    assert (run.status, most) == ("completed", 2)


@fans
def test_a_branch_is_tried_again_by_itself(player: Player, handler: Any) -> None:
    tries = {"b": 2}

    def shaky(name: str) -> str:
        note(name)
        if tries.get(name, 0) >= journal.count(name):
            raise ValueError(f"{name} fails")
        return name

    def group(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(tuple(partial(ctx.step.run, n, shaky, n) for n in NAMES))

    run = player.play(group, fan_out=True, retries=3)
    branch = branches_of(run)["b"]
    assert run.result == ["a", "b", "c"]
    assert [journal.count(name) for name in NAMES] == [1, 3, 1]
    assert branch.steps.get().attempt == 2
    assert list(Attempt.objects.filter(run=branch).values_list("number", flat=True)) == [0, 1]
    assert not Attempt.objects.filter(run=run).exists()


def test_a_step_s_own_retries_and_time_limit_hold_in_its_run(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            (
                lambda: ctx.step.run("a", stumble, "a", 9, retries=1),
                lambda: ctx.step.run("b", say, "b", timeout="1m"),
            )
        )

    run = player.play(group, fan_out=True, retries=5)
    assert (run.status, journal.count("a")) == ("failed", 2)
    assert branches_of(run)["a"].status == "failed"


def test_the_failure_of_a_branch_is_that_of_the_step(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        try:
            ctx.group.parallel(
                (partial(ctx.step.run, "a", stumble, "a"), partial(ctx.step.run, "b", say, "b"))
            )
        except durable.StepError as error:
            return [error.name, error.message]
        return None

    run = player.play(group, fan_out=True, retries=0)
    branch = branches_of(run)["a"]
    assert run.result == ["ValueError", "a fails, try 1"]
    assert steps_of(run) == {"a": "failed", "b": "done"}
    assert (branch.status, branch.failure and branch.failure["name"]) == ("failed", "ValueError")


def test_a_typed_result_comes_back_typed(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        pair = ctx.group.parallel(
            (
                lambda: ctx.step.run("a", give, "a", (1, 2), output_type=tuple[int, int]),
                lambda: ctx.step.run("b", give, "b", (3, 4), output_type=tuple[int, int]),
            )
        )
        return [type(one).__name__ for one in pair]

    assert player.play(group, fan_out=True).result == ["tuple", "tuple"]


def test_a_large_result_comes_back_whole(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        results = ctx.group.parallel(
            tuple(partial(ctx.step.run, name, give, name, name * 5000) for name in NAMES)
        )
        return [len(one) for one in results]

    assert player.play(group, fan_out=True).result == [5000, 5000, 5000]


def test_an_atomic_step_writes_exactly_once_with_the_end_of_its_run(player: Player) -> None:
    def write(name: str) -> str:
        Group.objects.create(name=name)
        return stumble(name)

    def group(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            tuple(partial(ctx.step.run, name, write, name, atomic=True) for name in NAMES)
        )

    run = player.play(group, fan_out=True, retries=2)
    assert run.result == ["a", "b", "c"]
    assert sorted(Group.objects.values_list("name", flat=True)) == ["a", "b", "c"]


def test_an_atomic_step_of_a_cancelled_branch_writes_nothing(player: Player) -> None:
    def write(run_id: str, name: str) -> None:
        Group.objects.create(name=name)
        Run.objects.filter(parent_id=UUID(run_id)).update(claim=99)  # as who took it over

    def group(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            tuple(
                partial(ctx.step.run, name, write, ctx.run_id, name, atomic=True) for name in NAMES
            )
        )

    run = start(player, group)
    player.worker.take_one()
    assert not Group.objects.exists()
    assert steps_of(run) == dict.fromkeys(NAMES, "pending")


def test_a_cancelled_branch_is_a_failed_step_and_the_others_go_on(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        try:
            return ctx.group.parallel(tuple(partial(ctx.step.run, n, say, n) for n in NAMES))
        except durable.StepError as error:
            return error.name

    run = start(player, group)
    assert durable.cancel(str(branches_of(run)["b"].pk))
    assert player.settle(run).result == "FunctionCancelledError"
    assert steps_of(run) == {"a": "done", "b": "failed", "c": "done"}


@fans
def test_cancelling_the_parent_cancels_its_branches(player: Player, handler: Any) -> None:
    run = start(player, handler)
    player.worker.take_one()  # one of them is done
    assert durable.cancel(str(run.pk))
    player.work()
    assert sorted(one.status for one in branches_of(run).values()) == [
        "cancelled",
        "cancelled",
        "completed",
    ]
    assert len(journal) == 2  # "first" and the one


def test_the_losers_of_a_race_are_cancelled(player: Player) -> None:
    def race(ctx: durable.ContextSync) -> Any:
        won = ctx.group.race(tuple(partial(ctx.step.run, n, say, n) for n in NAMES))
        return [won, ctx.step.run("last", say, "last")]

    run = player.play(race, fan_out=True)
    assert run.result == ["a", "last"]
    assert {name: one.status for name, one in branches_of(run).items()} == {
        "a": "completed",
        "b": "cancelled",
        "c": "cancelled",
    }
    assert journal == ["a", "last"]


def test_a_function_that_fails_beside_open_branches_cancels_them(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        ctx.group.parallel(
            (
                partial(ctx.step.run, "a", stumble, "a"),
                partial(ctx.step.run, "b", say, "b"),
            ),
            parallel_mode=ParallelMode.RACE,
        )

    run = player.play(group, fan_out=True, retries=0)
    assert run.status == "failed"
    assert branches_of(run)["b"].status == "cancelled"


def test_the_end_of_a_branch_is_announced_to_nobody(player: Player) -> None:
    heard: list[str] = []

    def hear(ctx: durable.ContextSync) -> None:
        heard.append(ctx.event.data["function_id"])

    trigger = durable.TriggerEvent(event=FINISHED)
    player.define(hear, fn_id="ear", trigger=trigger, fan_out=True)
    player.play(fan, fan_out=True)
    player.work()
    assert heard == ["case"]
    assert Event.objects.filter(name=FINISHED).count() == 1


def test_a_failed_branch_starts_no_handler_of_failures(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        ctx.group.parallel(
            (partial(ctx.step.run, "a", stumble, "a"), partial(ctx.step.run, "b", say, "b"))
        )

    player.play(group, fan_out=True, retries=0, on_failure=lambda ctx: note("handled"))
    player.work()
    assert journal.count("handled") == 1


def test_a_removed_function_is_waited_for_and_goes_on_when_it_is_back(player: Player) -> None:
    run = start(player, fan)
    function = registry.functions.pop("case")
    player.work()
    assert {one.reason[:21] for one in branches_of(run).values()} == {"No function 'case' is"}
    registry.functions["case"] = function
    assert player.settle(run).result == ["first", "a", "b", "c", "last"]


def test_a_step_that_is_gone_from_the_code_fails_the_run(player: Player) -> None:
    run = start(player, fan)
    registry.functions.pop("case")
    player.define(lambda ctx: ctx.step.run("first", say, "first"), fan_out=True)
    player.settle(run)
    assert (run.status, run.failure and run.failure["code"]) == ("failed", "step_unexpected")


def test_code_before_the_step_that_raises_is_a_failed_try_of_it(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        def branch(name: str) -> str:
            stumble(f"code {name}", 2)
            return ctx.step.run(name, say, name)

        return ctx.group.parallel((partial(branch, "a"), partial(branch, "b")))

    run = player.play(group, fan_out=True, retries=9)
    assert run.result == ["a", "b"]


def test_a_branch_that_kills_its_workers_fails_in_the_end(player: Player) -> None:
    run = start(player, fan)
    branch = branches_of(run)["a"]
    Run.objects.filter(pk=branch.pk).update(
        crashes=conf.MAX_CRASHES, claim=3, status="running", owner="a worker that was lost"
    )
    player.settle(run)
    assert (run.status, branches_of(run)["b"].status) == ("failed", "completed")
    assert steps_of(run)["a"] == "failed"


def test_a_paused_function_holds_its_branches_back(player: Player) -> None:
    run = start(player, fan)
    anna = Actor(who="anna", via="admin")
    pause_function("case", actor=anna)
    overrides.forget()
    player.work()
    assert {one.status for one in branches_of(run).values()} == {"queued"}
    resume_function("case", actor=anna)
    overrides.forget()
    assert player.settle(run).result == ["first", "a", "b", "c", "last"]


def test_a_branch_is_neither_retried_nor_replayed_alone(player: Player) -> None:
    branch = branches_of(player.play(fan, fan_out=True))["a"]
    with pytest.raises(RunStateError, match="Retry or replay that run"):
        durable.retry(str(branch.pk))
    with pytest.raises(RunStateError, match="Retry or replay that run"):
        durable.replay(str(branch.pk))


def test_a_retried_run_does_the_failed_branch_anew_and_no_other(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        return ctx.group.parallel(
            (partial(ctx.step.run, "a", stumble, "a"), partial(ctx.step.run, "b", say, "b"))
        )

    run = player.play(group, fan_out=True, retries=0)
    assert run.status == "failed"
    durable.retry(str(run.pk))
    assert player.settle(run).result == ["a", "b"]
    assert (journal.count("a"), journal.count("b")) == (2, 1)


def test_a_replay_copies_what_branches_did(player: Player) -> None:
    run = player.play(fan, fan_out=True)
    journal.clear()
    copy = Run.objects.get(pk=durable.replay(str(run.pk), from_step="last"))
    assert player.settle(copy).result == ["first", "a", "b", "c", "last"]
    assert journal == ["last"]
    assert branches_of(copy) == {}


def test_a_branch_whose_parent_is_gone_is_cancelled(player: Player) -> None:
    run = start(player, fan)
    branch = branches_of(run)["a"]
    Step.objects.filter(run=run).delete()
    Run.objects.filter(parent=run).update(parent=None)
    player.work()
    branch.refresh_from_db()
    assert branch.status == "cancelled"


def test_arguments_are_kept_with_the_step_and_its_run(player: Player) -> None:
    run = player.play(fan, fan_out=True)
    branch = branches_of(run)["a"]
    assert run.steps.get(name="a").given == branch.steps.get().given == '["a"]'


@fans
def test_what_is_true_of_all_rows_is_true(player: Player, handler: Any) -> None:
    run = start(player, handler)
    assert verify(player.store).breaches == []
    player.worker.take_one()
    assert verify(player.store).breaches == []
    player.settle(run)
    assert verify(player.store).breaches == []


def test_the_kit_plays_a_function_that_fans_out(workflows: Workflows) -> None:
    function = durable.create_function(
        fn_id="case", trigger=durable.TriggerEvent(event="case/started"), fan_out=True
    )(fan)
    run = workflows.run(function)
    assert run.result == ["first", "a", "b", "c", "last"]


def test_an_exported_run_is_held_against_the_code_however_its_steps_were_run(
    player: Player,
) -> None:
    run = player.play(fan, fan_out=True)
    out = StringIO()
    call_command("durable_show", str(run.pk), "--format", "json", stdout=out)
    exported = json.loads(out.getvalue())
    assert exported["steps"][1]["given"] == ["a"]
    replay_test(exported)


def test_erasing_the_parent_erases_what_its_branches_hold(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> Any:
        ctx.group.parallel(
            (
                partial(ctx.step.run, "a", give, "a", "canary" * 900),
                partial(ctx.step.run, "b", stumble, "canary"),
            )
        )

    run = player.play(group, fan_out=True, retries=1)
    with pytest.raises(RunStateError, match="Erase those of that run"):
        erase(branches_of(run)["a"].pk)
    assert erase(run.pk)
    rows = [*Run.objects.all(), *Step.objects.all(), *Attempt.objects.all(), *Blob.objects.all()]
    assert "canary" not in repr([vars(row) for row in rows])
    assert {one.erased is None for one in branches_of(run).values()} == {False}


def test_branches_do_not_count_as_runs_of_the_function(player: Player) -> None:
    player.play(fan, fan_out=True)
    clock.travel(timedelta(minutes=10))
    advance(player.store)
    assert figures(player.store.alias)["case"].ended == {"completed": 1}
