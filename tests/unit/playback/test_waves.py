"""Groups of sync functions: what a call discovers, and what a targeted call runs."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import durable
from durable.errors import StepError
from durable.playback.interrupt import Blocked, Parked, Targeted
from durable.playback.outcome import Finished, Interrupted, Raised
from tests.unit.playback.performer import MemoryPerformer, call, done, failed

ran: list[str] = []


def body(mark: str) -> str:
    ran.append(mark)
    return mark


@pytest.fixture(autouse=True)
def fresh() -> None:
    ran.clear()


def two_by_two(ctx: durable.ContextSync) -> list[str]:
    ran.append("call")

    def chain(first: str, second: str) -> str:
        return ctx.step.run(first, body, first) + ctx.step.run(second, body, second)

    return list(ctx.group.parallel((partial(chain, "a", "b"), partial(chain, "x", "y"))))


def same_ids(ctx: durable.ContextSync) -> list[str]:
    def chain(city: str) -> str:
        fetched = ctx.step.run("fetch", body, f"fetch {city}")
        return ctx.step.run("store", body, f"store {fetched}")

    return list(ctx.group.parallel((partial(chain, "oslo"), partial(chain, "rome"))))


def nested(ctx: durable.ContextSync) -> Any:
    def inner(name: str) -> Any:
        branches = tuple(partial(ctx.step.run, f"{name}{n}", body, f"{name}{n}") for n in range(2))
        return ctx.group.parallel(branches)

    return ctx.group.parallel((partial(inner, "a"), partial(inner, "x")))


def two_groups(ctx: durable.ContextSync) -> Any:
    def group(name: str) -> Any:
        branches = tuple(partial(ctx.step.run, "same", body, f"{name}{n}") for n in range(2))
        return ctx.group.parallel(branches)

    return [group("first"), group("second")]


def keys(*places: tuple[str, str]) -> set[str]:
    return {done(name, branch=branch).key for name, branch in places}


def test_a_call_plans_wave_after_wave() -> None:
    performer = MemoryPerformer()
    assert call(two_by_two, performer=performer) == Finished(["ab", "xy"])
    assert performer.waves == [["a", "x"], ["b", "y"]]
    assert ran == ["call", "a", "x", "call", "b", "y", "call"]


def test_a_call_goes_on_after_a_group_of_single_steps() -> None:
    def handler(ctx: durable.ContextSync) -> tuple[str, ...]:
        ran.append("call")
        return ctx.group.parallel(tuple(partial(ctx.step.run, n, body, n) for n in "ax"))

    assert call(handler) == Finished(("a", "x"))
    assert ran == ["call", "a", "x"]


def test_whoever_does_not_help_parks_after_the_first() -> None:
    performer = MemoryPerformer(helps=False)
    outcome = call(two_by_two, performer=performer)
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Parked)
    assert (performer.waves, ran) == ([["a", "x"]], ["call"])


def test_a_branch_that_is_ahead_asks_for_its_second_step() -> None:
    performer = MemoryPerformer(helps=False)
    call(two_by_two, done("a", "a", branch="0"), performer=performer)
    assert performer.waves == [["b", "x"]]


def test_nested_groups_are_planned_as_one_wave() -> None:
    performer = MemoryPerformer()
    assert call(nested, performer=performer) == Finished((("a0", "a1"), ("x0", "x1")))
    assert performer.waves == [["a0", "a1", "x0", "x1"]]


def test_branches_count_ids_for_themselves() -> None:
    outcome = call(
        same_ids,
        *(done("fetch", "R", branch="1"), done("store", "RS", branch="1")),
    )
    assert outcome == Finished(["store fetch oslo", "RS"])


def test_a_second_group_counts_on_in_each_branch() -> None:
    performer = MemoryPerformer()
    call(two_groups, performer=performer)
    assert performer.waves == [["same", "same"], ["same:1", "same:1"]]
    assert ran == ["first0", "first1", "second0", "second1"]


def test_when_all_is_remembered_nothing_is_planned() -> None:
    performer = MemoryPerformer()
    memos = [done(n, n, branch="0") for n in "ab"] + [done(n, n, branch="1") for n in "xy"]
    assert call(two_by_two, *memos, performer=performer) == Finished(["ab", "xy"])
    assert performer.waves == []


def test_a_failed_branch_raises_and_those_behind_it_are_not_called() -> None:
    def handler(ctx: durable.ContextSync) -> None:
        def branch(number: int) -> None:
            ran.append(f"branch {number}")
            ctx.step.run("step", body, "body")

        ctx.group.parallel(tuple(partial(branch, number) for number in range(3)))

    memos = [done("step", branch=n) for n in "02"]
    outcome = call(handler, *memos, failed("step", ValueError("no luck"), branch="1"))
    assert isinstance(outcome, Raised)
    assert outcome.failure.message == "no luck"
    assert ran == ["branch 0", "branch 1"]


def test_a_targeted_call_runs_its_target_only() -> None:
    performer = MemoryPerformer()
    outcome = call(two_by_two, performer=performer, targets=keys(("x", "1")))
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Targeted)
    assert ran == ["call", "x"]
    assert set(performer.kept) == keys(("x", "1"))


def test_a_targeted_call_may_have_several() -> None:
    performer = MemoryPerformer()
    call(nested, performer=performer, targets=keys(("a1", "0.1"), ("x0", "1.0")))
    assert ran == ["a1", "x0"]


def test_a_targeted_call_passes_groups_that_are_done() -> None:
    performer = MemoryPerformer()
    memos = [done("same", branch=n) for n in "01"]
    target = done("same", index=1, branch="1").key
    call(two_groups, *memos, performer=performer, targets={target})
    assert ran == ["second1"]


def test_a_targeted_call_passes_a_failed_group_that_is_caught() -> None:
    def handler(ctx: durable.ContextSync) -> None:
        try:
            ctx.group.parallel((lambda: ctx.step.run("bad", body, "bad"),))
        except StepError:
            ctx.group.parallel((lambda: ctx.step.run("plan b", body, "plan b"),))

    memo = failed("bad", ValueError(), branch="0")
    call(handler, memo, targets=keys(("plan b", "0")))
    assert ran == ["plan b"]


def test_a_target_that_is_not_reached_stays() -> None:
    performer = MemoryPerformer()
    targets = keys(("gone", "0"))
    outcome = call(two_by_two, performer=performer, targets=targets)
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Blocked)
    assert targets == keys(("gone", "0"))
    assert ran == ["call"]


def test_threads_run_targets_of_several_branches() -> None:
    performer = MemoryPerformer()
    outcome = call(nested, performer=performer, threads=2)
    assert outcome == Finished((("a0", "a1"), ("x0", "x1")))
    assert performer.threads == 2
