"""A worker that stood still for longer than its lease stops when it comes to record something."""

from __future__ import annotations

from datetime import timedelta

import durable
from durable import clock
from durable.worker.drain import Worker
from tests.harness import Player, journal, say


def test_no_body_of_a_recorded_step_runs_when_the_run_was_finished_by_another(
    player: Player,
) -> None:
    def stand_still() -> str:
        say("first")
        if journal.count("first") == 1:
            clock.travel(timedelta(seconds=31))
            Worker(store=player.store, owner="other:2:2", workers=1).take_one()
        return "first"

    def handler(ctx: durable.ContextSync) -> list[str]:
        first = ctx.step.run("first", stand_still)
        return [first, ctx.step.run("second", say, "second"), ctx.step.run("third", say, "third")]

    run = player.play(handler)
    assert run.status == "completed"
    assert journal == ["first", "first", "second", "third"]
