"""`step.run(atomic=True)`: what the body writes and the record of it are one transaction."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

import durable
from durable.models import Run, Step
from tests.harness import Player, journal, note, steps_of, sync_and_async


def write(name: str) -> str:
    note(name)
    Group.objects.create(name=name)
    return name


def written() -> list[str]:
    return sorted(Group.objects.values_list("name", flat=True))


def alone(ctx: durable.ContextSync, body: Any = write) -> str:
    return str(ctx.step.run("write", body, "a", atomic=True))


async def alone_async(ctx: durable.Context, body: Any = write) -> str:
    return str(await ctx.step.run("write", body, "a", atomic=True))


def together(ctx: durable.ContextSync, body: Any = write) -> list[str]:
    steps = tuple(partial(ctx.step.run, name, body, name, atomic=True) for name in "abc")
    return list(ctx.group.parallel(steps))


async def together_async(ctx: durable.Context, body: Any = write) -> list[str]:
    steps = tuple(partial(ctx.step.run, name, body, name, atomic=True) for name in "abc")
    return list(await ctx.group.parallel(steps))


ALONE = sync_and_async(alone, alone_async)
TOGETHER = sync_and_async(together, together_async)
STRICT = pytest.mark.parametrize("strict", [False, True])


@ALONE
@STRICT
def test_the_write_and_the_record_are_there(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert (run.result, written(), journal) == ("a", ["a"], ["a"])


@TOGETHER
@STRICT
def test_atomic_steps_of_a_group(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert (run.result, written()) == (["a", "b", "c"], ["a", "b", "c"])
    assert sorted(journal) == ["a", "b", "c"]


def stumbling(name: str) -> str:
    write(name)
    if journal.count(name) == 1:
        raise ValueError("after the write")
    return name


@sync_and_async(partial(alone, body=stumbling), partial(alone_async, body=stumbling))
def test_what_a_failed_try_wrote_is_rolled_back(player: Player, handler: Any) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    assert (written(), run.attempts.count()) == ([], 1)
    assert player.settle(run).result == "a"
    assert (written(), journal) == (["a"], ["a", "a"])


@sync_and_async(partial(together, body=stumbling), partial(together_async, body=stumbling))
@STRICT
def test_the_neighbours_of_a_failed_try_keep_what_they_wrote(
    player: Player, handler: Any, strict: bool
) -> None:
    def once(name: str) -> str:
        return stumbling(name) if name == "b" else write(name)

    handler = partial(handler.func, body=once)
    player.define(handler, strict=strict)
    run = player.send()
    player.work()
    assert written() == ["a", "c"]
    assert player.settle(run).result == ["a", "b", "c"]
    assert written() == ["a", "b", "c"]


def test_a_result_that_cannot_be_stored_rolls_the_write_back(player: Player) -> None:
    def strange(name: str) -> object:
        write(name)
        return object()

    run = player.play(partial(alone, body=strange), retries=0)
    assert run.status == "failed"
    assert written() == []


def test_a_body_that_catches_a_database_error_is_told_how_to(player: Player) -> None:
    def careless(name: str) -> str:
        write(name)
        try:
            Group.objects.create(pk=Group.objects.get().pk)
        except IntegrityError:
            note("caught")
        return name

    run = player.play(partial(alone, body=careless), retries=0)
    if run.status == "failed":  # SQLite and MariaDB let a transaction go on
        assert "of its own" in str(run.failure)
        assert written() == []


def test_a_database_error_in_a_block_of_its_own_is_forgiven(player: Player) -> None:
    def careful(name: str) -> str:
        write(name)
        try:
            with transaction.atomic():
                Group.objects.create(pk=Group.objects.get().pk)
        except IntegrityError:
            note("caught")
        return name

    assert player.play(partial(alone, body=careful)).result == "a"
    assert written() == ["a"]


def test_a_worker_that_was_superseded_leaves_no_writes(player: Player) -> None:
    """While it is at the body, its lease passes and another takes the run."""

    def slow(name: str) -> str:
        write(name)
        Run.objects.update(claim=9)
        return name

    player.define(partial(alone, body=slow))
    run = player.send()
    player.worker.take_one()
    assert (written(), run.steps.count()) == ([], 0)


def test_a_worker_whose_planned_step_was_taken_over_leaves_no_writes(player: Player) -> None:
    def slow(name: str) -> str:
        write(name)
        if name == "a":
            Step.objects.filter(name="a").update(claim=9)
        return name

    player.define(partial(together, body=slow), strict=True)
    run = player.send()
    for _ in range(5):
        player.worker.take_one()
    assert written() == ["b", "c"]
    assert steps_of(run)["a"] != "done"


@pytest.mark.django_db(transaction=True)
def test_what_was_to_be_done_after_the_commit_may_fail(player: Player) -> None:
    def after(name: str) -> str:
        transaction.on_commit(lambda: 1 / 0)
        return write(name)

    run = player.play(partial(alone, body=after))
    assert (run.result, written(), journal) == ("a", ["a"], ["a"])


def test_a_coroutine_function_cannot_be_atomic(player: Player) -> None:
    async def body(name: str) -> str:
        return name

    run = player.play(partial(alone_async, body=body))
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert "plain handler" in run.failure["message"]
