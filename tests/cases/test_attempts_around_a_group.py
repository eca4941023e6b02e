"""A group between two stretches of the function's code: each stretch has all of its tries."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Player, journal, note, say


def fail_once(mark: str) -> None:
    if mark not in journal:
        note(mark)
        raise ValueError(mark)


def stumbles_twice(ctx: durable.ContextSync) -> list[str]:
    fail_once("before")
    results = ctx.group.parallel((lambda: ctx.step.run("step", say, "in the group"),))
    fail_once("after")
    return list(results)


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [True, False])
def test_code_behind_a_group_has_all_of_its_tries(
    player: Player, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(stumbles_twice, retries=1, parallel_mode=mode, strict=strict)
    assert run.failure is None
    assert journal == ["before", "in the group", "after"]
