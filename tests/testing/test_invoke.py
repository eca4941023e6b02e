"""Functions that run functions, under the kit."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

import durable
from durable.testing import Workflows, replay_test
from tests.harness import sync_and_async
from tests.testing import functions
from tests.testing.functions import define


def parent(ctx: durable.ContextSync) -> Any:
    return ctx.step.invoke_by_id("ship", function_id="child", data={"order": 7})


async def parent_async(ctx: durable.Context) -> Any:
    return await ctx.step.invoke_by_id("ship", function_id="child", data={"order": 7})


PARENTS = sync_and_async(parent, parent_async)


@PARENTS
def test_a_function_and_the_one_it_runs(workflows: Workflows, handler: Any) -> None:
    define(functions.one, "child")
    assert workflows.run(define(handler)).result == "charged"
    workflows.assert_run_started("child", {"order": 7}, times=1)


@PARENTS
@pytest.mark.parametrize("strict", [False, True])
def test_a_stub_of_it(workflows: Workflows, handler: Any, strict: bool) -> None:
    define(functions.one, "child")
    workflows.stub_step("ship", returns="stubbed")
    assert workflows.run(define(handler, strict=strict)).result == "stubbed"
    workflows.assert_run_started("child", times=0)


@PARENTS
def test_a_replay_of_it(workflows: Workflows, handler: Any) -> None:
    define(functions.one, "child")
    run = workflows.run(define(handler))
    text = StringIO()
    call_command("durable_show", run.id, format="json", stdout=text)
    replay_test(json.loads(text.getvalue()))
