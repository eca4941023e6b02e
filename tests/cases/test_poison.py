"""A run or a step that kills its worker every time fails after three, instead of killing for ever."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import ModuleType

import pytest
from django.test import override_settings

import durable
from durable import ParallelMode
from durable.models import Run
from tests.harness import Player, journal, say, steps_of

LEASE = timedelta(seconds=31)


def one_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("deadly", say, "deadly")


def race(ctx: durable.ContextSync) -> list[str]:
    return list(ctx.group.parallel((lambda: ctx.step.run("deadly", say, "deadly"),)))


def two_steps(ctx: durable.ContextSync) -> str:
    ctx.step.run("first", say, "first")
    return ctx.step.run("second", say, "second")


@pytest.fixture
def lose_runs(player: Player, clock: ModuleType) -> None:
    """Claim a run, and never be heard of again, three times."""
    player.define(one_step)
    player.send()
    for number in range(3):
        player.store.runs.claim(f"lost:{number}:1")
        clock.travel(LEASE)


@pytest.mark.usefixtures("lose_runs")
def test_a_run_that_lost_three_workers_fails(player: Player) -> None:
    run = player.settle(Run.objects.get())
    assert run.failure is not None
    assert run.failure["code"] == "worker_lost"
    assert run.failure["message"].startswith("3 workers were lost")
    assert run.failure["message"].endswith("No step of it had ended.")
    assert journal == []


def test_the_failure_says_which_step_ended_last(player: Player, clock: ModuleType) -> None:
    def deadly_at_last(ctx: durable.ContextSync) -> None:
        ctx.step.run("first", say, "first")
        ctx.step.run("rest", int, "none")

    player.define(deadly_at_last)
    run = player.send()
    player.worker.take_one()
    for number in range(3):
        clock.travel(timedelta(days=1))
        player.store.runs.claim(f"lost:{number}:1")
        clock.travel(LEASE)
    failure = player.settle(run).failure
    assert failure is not None
    assert failure["message"].endswith("It had come as far as step 'first'.")


@override_settings(DURABLE={"MAX_CRASHES": 4})
@pytest.mark.usefixtures("lose_runs")
def test_the_setting_says_how_many(player: Player) -> None:
    assert player.settle(Run.objects.get()).result == "deadly"


def test_two_lost_workers_are_forgiven(player: Player, clock: ModuleType) -> None:
    player.define(one_step)
    run = player.send()
    player.store.runs.claim("lost:1:1")
    clock.travel(LEASE)
    player.store.runs.claim("lost:2:1")
    clock.travel(LEASE)
    assert player.settle(run).result == "deadly"


def test_a_planned_step_that_lost_three_workers_fails(player: Player, clock: ModuleType) -> None:
    player.define(race, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    player.store.steps.claim("lost:0:1", 1)
    for number in range(1, 3):
        clock.travel(LEASE)
        player.store.steps.claim_lost(f"lost:{number}:1")
    clock.travel(LEASE)
    player.settle(run)
    assert run.failure is not None
    assert run.failure["code"] == "worker_lost"
    assert steps_of(run) == {"deadly": "failed"}
    assert journal == []


def three(ctx: durable.ContextSync) -> list[str]:
    return list(
        ctx.group.parallel(
            tuple(partial(ctx.step.run, name, say, name) for name in ("deadly", "b", "c"))
        )
    )


def test_the_neighbours_of_a_deadly_step_are_not_blamed_for_it(
    player: Player, clock: ModuleType
) -> None:
    """All three are lost at first; then each is claimed alone, and two of them are done."""
    player.define(three, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    player.store.steps.claim("lost:0:1", 3)
    clock.travel(LEASE)
    for number in range(1, 3):
        player.store.steps.claim_lost(f"lost:{number}:1")
        while player.worker.take_one():
            """The other workers go on."""
        clock.travel(LEASE)
    player.settle(run)
    assert steps_of(run) == {"deadly": "failed", "b": "done", "c": "done"}


def test_progress_sets_the_count_back(player: Player, clock: ModuleType) -> None:
    """Each worker is lost after it has recorded a step: the run goes forward, so it goes on."""
    player.define(two_steps)
    run = player.send()
    for _ in range(2):
        player.store.runs.claim("lost:1:1")
        clock.travel(LEASE)
    assert player.settle(run).result == "second"
