"""`threads=`: sync steps of a group that wait do so at the same time, in one worker."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from types import ModuleType

import pytest
from django.contrib.auth.models import Group

import durable
from durable import ParallelMode
from tests.harness import Player, journal, note, steps_of

pytestmark = pytest.mark.django_db(transaction=True)


def meet(barrier: threading.Barrier, number: int) -> int:
    """Return only if all others are in their bodies too."""
    barrier.wait(10)
    return number


def use_the_orm(number: int) -> int:
    return Group.objects.create(name=f"group {number}").pk


@pytest.mark.parametrize("mode", ParallelMode)
def test_waiting_steps_wait_together(player: Player, mode: ParallelMode) -> None:
    barrier = threading.Barrier(4)

    def handler(ctx: durable.ContextSync) -> list[int]:
        steps = (partial(ctx.step.run, "meet", meet, barrier, n) for n in range(4))
        return list(ctx.group.parallel(tuple(steps)))

    run = player.play(handler, threads=4, parallel_mode=mode, retries=0)
    assert run.failure is None
    assert run.result == [0, 1, 2, 3]


def test_second_steps_wait_together_too(player: Player) -> None:
    first, second = threading.Barrier(3), threading.Barrier(3)

    def handler(ctx: durable.ContextSync) -> list[int]:
        def branch(number: int) -> int:
            ctx.step.run("first", meet, first, number)
            return ctx.step.run("second", meet, second, number)

        return list(ctx.group.parallel(tuple(partial(branch, n) for n in range(3))))

    run = player.play(handler, threads=3, retries=0)
    assert run.result == [0, 1, 2]


def test_more_steps_than_threads_all_run_once(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> int:
        steps = (partial(ctx.step.run, "step", note, f"step {n}") for n in range(20))
        return len(ctx.group.parallel(tuple(steps)))

    assert player.play(handler, threads=3).result == 20
    assert sorted(journal) == sorted(f"step {n}" for n in range(20))


def test_bodies_may_use_the_orm(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> int:
        steps = (partial(ctx.step.run, "row", use_the_orm, n) for n in range(6))
        return len(set(ctx.group.parallel(tuple(steps))))

    assert player.play(handler, threads=3).result == 6
    assert Group.objects.count() == 6


def test_one_that_fails_is_retried_alone(player: Player) -> None:
    def shaky(number: int) -> int:
        note(f"step {number}")
        if number == 1 and journal.count("step 1") == 1:
            raise ConnectionError("shaky")
        return number

    def handler(ctx: durable.ContextSync) -> list[int]:
        steps = (partial(ctx.step.run, "step", shaky, n) for n in range(4))
        return list(ctx.group.parallel(tuple(steps)))

    assert player.play(handler, threads=4).result == [0, 1, 2, 3]
    assert sorted(journal) == ["step 0", "step 1", "step 1", "step 2", "step 3"]


def test_a_nested_step_in_a_thread_is_refused(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.group.parallel(
            (
                lambda: ctx.step.run("outer", lambda: ctx.step.run("inner", note, "inner")),
                lambda: ctx.step.run("other", note, "other"),
            )
        )

    run = player.play(handler, threads=2)
    assert run.failure is not None
    assert run.failure["code"] == "step_nested"
    assert "inner" not in journal


def test_each_thread_sees_its_own_attempt(player: Player, clock: ModuleType) -> None:
    barrier = threading.Barrier(2)

    def handler(ctx: durable.ContextSync) -> None:
        def body(name: str) -> None:
            note(f"{name} sees {ctx.attempt}")
            barrier.wait(10)
            if ctx.attempt == 0:
                raise ConnectionError(name)
            note(f"{name} still sees {ctx.attempt}")

        steps = (partial(ctx.step.run, name, body, name) for name in ("left", "right"))
        ctx.group.parallel(tuple(steps))

    player.define(handler, threads=2, retries=1)
    run = player.send()
    player.work()
    clock.travel(timedelta(minutes=2))
    player.settle(run)
    assert steps_of(run) == {"left": "done", "right": "done"}
    assert sorted(journal[-4:]) == [
        *("left sees 1", "left still sees 1"),
        *("right sees 1", "right still sees 1"),
    ]
