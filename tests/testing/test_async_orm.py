"""Async bodies that use the ORM are in the test's transaction."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import Group

import durable
from durable.testing import InProcessWorker, Workflows
from tests.testing.functions import define


async def add(name: str) -> int:
    await Group.objects.acreate(name=name)
    return await Group.objects.acount()


async def one(ctx: durable.Context) -> int:
    return await ctx.step.run("add", add, "async")


async def many(ctx: durable.Context) -> list[int]:
    steps = [partial(ctx.step.run, name, add, name) for name in "abcd"]
    return list(await ctx.group.parallel(tuple(steps)))


def test_a_body_sees_and_writes_what_the_test_does(workflows: Workflows) -> None:
    Group.objects.create(name="test")
    assert workflows.run(define(one)).result == 2
    assert set(Group.objects.values_list("name", flat=True)) == {"test", "async"}


@pytest.mark.parametrize("mode", durable.ParallelMode)
@pytest.mark.parametrize("strict", [False, True])
def test_bodies_side_by_side(
    workflows: Workflows, mode: durable.ParallelMode, strict: bool
) -> None:
    run = workflows.run(define(many, parallel_mode=mode, strict=strict))
    assert max(run.result) == 4
    assert Group.objects.count() == 4


def test_the_next_test_finds_nothing(workflows: Workflows) -> None:
    assert not Group.objects.exists()
    assert workflows.run(define(one)).result == 1


def test_threads_find_nothing_of_it_either(workflow_worker: InProcessWorker) -> None:
    assert workflow_worker.run(define(one)).result == 1
