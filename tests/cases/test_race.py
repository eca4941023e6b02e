"""`ctx.group.race`: the first branch to finish wins, for ever."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable import clock as durable_clock
from durable.models import Run, Wait
from durable.playback.interrupt import Parked
from durable.store.memory import Memory
from tests.harness import Player, asay, journal, note, say, steps_of, stumble, sync_and_async

HOUR = timedelta(hours=1)
MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


def with_a_limit(ctx: durable.ContextSync) -> str | None:
    winner = ctx.group.race(
        (
            lambda: ctx.step.run("work", say, "work"),
            lambda: ctx.step.sleep("limit", HOUR),
        )
    )
    ctx.step.run("shaky", stumble, "shaky")
    return winner


async def awith_a_limit(ctx: durable.Context) -> str | None:
    winner = await ctx.group.race(
        (
            lambda: ctx.step.run("work", say, "work"),
            lambda: ctx.step.sleep("limit", HOUR),
        )
    )
    await ctx.step.run("shaky", stumble, "shaky")
    return winner


@sync_and_async(with_a_limit, awith_a_limit)
@MODES
@STRICT
def test_work_that_is_done_in_time_wins(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    begun = durable_clock.now()
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == "work"
    assert durable_clock.now() - begun < HOUR
    assert journal == ["work", "shaky", "shaky"]
    assert steps_of(run) == {
        "work": "done",
        "limit": "cancelled",
        "race": "done",
        "shaky": "done",
    }


def two_naps(ctx: durable.ContextSync) -> str:
    def nap(name: str, hours: int) -> str:
        ctx.step.sleep(f"nap {name}", hours * HOUR)
        return ctx.step.run(name, say, name)

    first = ctx.group.race((lambda: nap("long", 2), lambda: nap("short", 1)))
    ctx.step.sleep("rest", 5 * HOUR)
    return ctx.step.run("after", say, f"{first} won")


async def atwo_naps(ctx: durable.Context) -> str:
    async def nap(name: str, hours: int) -> str:
        await ctx.step.sleep(f"nap {name}", hours * HOUR)
        return await ctx.step.run(name, say, name)

    first = await ctx.group.race((lambda: nap("long", 2), lambda: nap("short", 1)))
    await ctx.step.sleep("rest", 5 * HOUR)
    return await ctx.step.run("after", say, f"{first} won")


@sync_and_async(two_naps, atwo_naps)
@MODES
@STRICT
def test_the_shorter_of_two_sleeps_wins(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == "short won"
    assert journal == ["short", "short won"]
    assert steps_of(run) == {
        "nap long": "cancelled",
        "nap short": "done",
        "short": "done",
        "race": "done",
        "rest": "done",
        "after": "done",
    }


@sync_and_async(two_naps, atwo_naps)
def test_nothing_is_pending_once_it_is_decided(player: Player, handler: Any) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    while "short" not in journal and player.jump():
        player.work()
    run.refresh_from_db()
    assert (run.status, run.pending) == ("waiting", 1)
    assert steps_of(run)["rest"] == "pending"


def one_fails(ctx: durable.ContextSync) -> str:
    def bad() -> None:
        raise durable.NonRetriableError("no luck")

    try:
        ctx.group.race((lambda: ctx.step.run("bad", bad), lambda: ctx.step.sleep("nap", HOUR)))
    except durable.StepError as error:
        ctx.step.run("shaky", stumble, "shaky")
        return error.message
    return "nobody failed"


async def aone_fails(ctx: durable.Context) -> str:
    def bad() -> None:
        raise durable.NonRetriableError("no luck")

    try:
        await ctx.group.race(
            (lambda: ctx.step.run("bad", bad), lambda: ctx.step.sleep("nap", HOUR))
        )
    except durable.StepError as error:
        await ctx.step.run("shaky", stumble, "shaky")
        return error.message
    return "nobody failed"


@sync_and_async(one_fails, aone_fails)
@STRICT
def test_the_first_to_finish_may_do_so_by_an_error(
    player: Player, handler: Any, strict: bool
) -> None:
    run = player.play(handler, strict=strict)
    assert (run.result, run.failure) == ("no luck", None)
    assert steps_of(run)["nap"] == "cancelled"


def beside_others(ctx: durable.ContextSync) -> list[Any]:
    def limited(name: str) -> Any:
        return ctx.group.race(
            (
                lambda: ctx.step.sleep(f"limit {name}", HOUR),
                lambda: ctx.step.run(name, say, name),
                lambda: ctx.group.parallel(
                    (
                        lambda: ctx.step.sleep(f"x {name}", 2 * HOUR),
                        lambda: ctx.step.sleep(f"y {name}", 3 * HOUR),
                    )
                ),
            )
        )

    both = ctx.group.parallel(
        (
            lambda: [limited("a"), ctx.step.run("after a", say, "after a")],
            lambda: ctx.step.run("b", say, "b"),
            lambda: limited("c"),
        )
    )
    return [*both, ctx.step.run("shaky", stumble, "shaky")]


async def abeside_others(ctx: durable.Context) -> list[Any]:
    async def limited(name: str) -> Any:
        return await ctx.group.race(
            (
                lambda: ctx.step.sleep(f"limit {name}", HOUR),
                lambda: ctx.step.run(name, say, name),
                lambda: ctx.group.parallel(
                    (
                        lambda: ctx.step.sleep(f"x {name}", 2 * HOUR),
                        lambda: ctx.step.sleep(f"y {name}", 3 * HOUR),
                    )
                ),
            )
        )

    async def first() -> list[str]:
        return [await limited("a"), await ctx.step.run("after a", say, "after a")]

    both = await ctx.group.parallel(
        (first, lambda: ctx.step.run("b", say, "b"), lambda: limited("c"))
    )
    return [*both, await ctx.step.run("shaky", stumble, "shaky")]


@sync_and_async(beside_others, abeside_others)
@MODES
@STRICT
def test_races_in_groups_with_groups_in_them(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    begun = durable_clock.now()
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [["a", "after a"], "b", "c", "shaky"]
    assert durable_clock.now() - begun < HOUR
    assert sorted(journal) == ["a", "after a", "b", "c", "shaky", "shaky"]
    cancelled = {title for title, status in steps_of(run).items() if status == "cancelled"}
    assert cancelled == {f"{name} {of}" for name in ("limit", "x", "y") for of in "ac"}


def in_a_row(ctx: durable.ContextSync) -> list[str]:
    def fast() -> str:
        return ctx.step.run("step", say, "fast")

    def slow() -> str:
        ctx.step.sleep("nap", HOUR)
        return ctx.step.run("step", say, "slow")

    results = [ctx.group.race((fast, slow)), ctx.group.race((slow, fast))]
    return [*results, *ctx.group.parallel((fast, slow)), ctx.step.run("race", stumble, "race")]


async def ain_a_row(ctx: durable.Context) -> list[str]:
    async def fast() -> str:
        return await ctx.step.run("step", say, "fast")

    async def slow() -> str:
        await ctx.step.sleep("nap", HOUR)
        return await ctx.step.run("step", say, "slow")

    results = [await ctx.group.race((fast, slow)), await ctx.group.race((slow, fast))]
    results += await ctx.group.parallel((fast, slow))
    return [*results, await ctx.step.run("race", stumble, "race")]


@sync_and_async(in_a_row, ain_a_row)
@STRICT
def test_races_share_no_results_with_each_other_or_with_a_step_called_race(
    player: Player, handler: Any, strict: bool
) -> None:
    run = player.play(handler, strict=strict)
    assert run.result == ["fast", "fast", "fast", "slow", "race"]
    assert journal == ["fast", "fast", "fast", "slow", "race", "race"]


def test_the_losers_side_effects_are_those_of_every_later_call(player: Player) -> None:
    def keeps_books(ctx: durable.ContextSync) -> list[str]:
        seen: list[str] = []

        def branch(name: str, hours: int) -> str:
            seen.append(name)
            ctx.step.sleep(name, hours * HOUR)
            return name

        ctx.group.race((lambda: branch("long", 2), lambda: branch("short", 1)))
        return seen

    assert player.play(keeps_books).result == ["short"]


@sync_and_async(with_a_limit, awith_a_limit)
def test_a_race_without_branches_is_a_mistake(player: Player, handler: Any) -> None:
    if handler is with_a_limit:
        run = player.play(lambda ctx: ctx.group.race(()))
    else:

        async def empty(ctx: Any) -> None:
            await ctx.group.race(())

        run = player.play(empty)
    assert run.failure is not None and run.failure["code"] == "step_misused"


def test_a_branch_that_needs_no_step_wins_at_once(player: Player) -> None:
    def immediate(ctx: durable.ContextSync) -> Any:
        return ctx.group.race((lambda: ctx.step.sleep("nap", HOUR), lambda: "here"))

    run = player.play(immediate)
    assert (run.result, steps_of(run)) == ("here", {"race": "done"})


def test_a_late_result_of_a_loser_is_ignored(player: Player) -> None:
    """Its body runs in another process while the race is decided."""

    def racing(ctx: Any) -> Any:
        return [
            ctx.group.race(
                (
                    lambda: ctx.step.run("slow", slow),
                    lambda: ctx.step.run("fast", say, "fast"),
                )
            ),
            ctx.step.sleep("nap", HOUR),
            ctx.step.run("shaky", stumble, "shaky"),
        ]

    def slow() -> str:
        other = Player(owner="other:1:1")
        other.work()
        note(steps_of(Run.objects.get())["slow"])
        return "slow"

    run = player.play(racing)
    assert run.result == ["fast", None, "shaky"]
    assert journal == ["fast", "cancelled", "shaky", "shaky"]
    assert steps_of(run)["slow"] == "cancelled"


@sync_and_async(two_naps, atwo_naps)
@pytest.mark.parametrize("verb", ["record", "abandon"])
def test_a_worker_lost_around_the_decision_changes_nothing(
    player: Player, handler: Any, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost before it says this verb for the first time after the shorter sleep."""
    player.define(handler)
    run = player.send()
    say_it = getattr(Memory, verb)

    def lost(self: Memory, *args: Any) -> Any:
        if "short" in journal and "lost" not in journal:
            note("lost")
            raise Parked(is_released=True)
        return say_it(self, *args)

    monkeypatch.setattr(Memory, verb, lost)
    run = player.settle(run)
    assert run.result == "short won"
    assert journal in (["short", "lost", "short won"], ["short", "lost", "short", "short won"])
    assert steps_of(run)["nap long"] == "cancelled"


def with_an_event(ctx: durable.ContextSync) -> object:
    winner = ctx.group.race(
        (
            lambda: ctx.step.run("work", say, "work"),
            lambda: ctx.step.wait_for_event("answer", event="case/answer", timeout=HOUR),
        )
    )
    ctx.step.sleep("rest", 2 * HOUR)
    return winner


async def awith_an_event(ctx: durable.Context) -> object:
    winner = await ctx.group.race(
        (
            lambda: ctx.step.run("work", say, "work"),
            lambda: ctx.step.wait_for_event("answer", event="case/answer", timeout=HOUR),
        )
    )
    await ctx.step.sleep("rest", 2 * HOUR)
    return winner


@sync_and_async(with_an_event, awith_an_event)
def test_a_wait_that_lost_is_forgotten(player: Player, handler: Any) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    assert steps_of(run) == {
        "work": "done",
        "answer": "cancelled",
        "race": "done",
        "rest": "pending",
    }
    assert not Wait.objects.filter(run=run).exists()
    assert player.settle(run).result == "work"


def many(ctx: durable.ContextSync) -> list[Any]:
    def one(name: str) -> Any:
        steps: list[Any] = [partial(ctx.step.run, f"{name}{n}", say, name) for n in range(3)]
        limit = partial(ctx.step.sleep, f"limit {name}", HOUR)
        return ctx.group.race((*steps, limit))

    return list(ctx.group.parallel(tuple(partial(one, name) for name in "abcdef")))


async def amany(ctx: durable.Context) -> list[Any]:
    async def one(name: str) -> Any:
        steps: list[Any] = [partial(ctx.step.run, f"{name}{n}", asay, name) for n in range(3)]
        limit = partial(ctx.step.sleep, f"limit {name}", HOUR)
        return await ctx.group.race((*steps, limit))

    return list(await ctx.group.parallel(tuple(partial(one, name) for name in "abcdef")))


@pytest.mark.django_db(transaction=True)
@sync_and_async(many, amany)
@MODES
@STRICT
def test_several_workers_race(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    player.define(handler, parallel_mode=mode, strict=strict)
    run = player.settle_with(3, player.send())
    assert (run.status, run.result) == ("completed", list("abcdef"))
    player.check(run)
    assert Counter(steps_of(run).values())["cancelled"] >= 6
    assert max(Counter(journal).values()) <= 3
