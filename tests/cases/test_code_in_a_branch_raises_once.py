"""Code of a branch, in front of its step, raises now and then: that is a failed try, not a misuse."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Player, journal, note, say


def raise_in_call(number: int) -> None:
    note("code")
    if journal.count("code") == number:
        raise ConnectionError(f"call {number}")


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_run_completes(player: Player, mode: ParallelMode, number: int) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        def branch() -> str:
            raise_in_call(number)
            return ctx.step.run("step", say, "body")

        return list(ctx.group.parallel((branch, lambda: ctx.step.run("other", say, "other"))))

    run = player.play(handler, parallel_mode=mode)
    assert run.failure is None
    assert run.result == ["body", "other"]
    assert journal.count("body") == journal.count("other") == 1
