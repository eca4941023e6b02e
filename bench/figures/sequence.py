"""Steps one after the other: does the thousandth cost more than the tenth?

A run of no steps costs its claim, its reads and its finish. Over ten steps that is a large part of each, over a
thousand none; so what is compared is the cost of a step: a run's time less that of a run of no steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from bench import raw, runs
from bench.rounds import Rounds, take_turns
from bench.rows import Row
from bench.stage import Stage
from durable.clock import now
from durable.models import Run
from durable.playback.keys import step_key

MANY, FEW = 1000, 10
COMMITS = 300


def measure(stage: Stage) -> Iterator[Row]:
    """Drive runs in this process, so that no wake-up and no other worker plays a part."""
    several = stage.either(40, 20)
    with raw.driver() as driver:
        rounds = take_turns(
            stage.either(9, 2),
            {
                "many": lambda: runs.drive("sequence", 1, steps=MANY),
                "few": lambda: runs.drive("sequence", several, steps=FEW),
                "none": lambda: runs.drive("sequence", several, steps=0),
                "raw": lambda: _commits(driver),
                "async": lambda: runs.drive("asequence", 1, steps=stage.either(MANY, 200)),
            },
        )
    taken = rounds.taken
    steps = Rounds(
        taken={
            "many": _net(taken["many"], taken["none"], MANY),
            "few": _net(taken["few"], taken["none"], FEW),
            "async": _net(taken["async"], taken["none"], stage.either(MANY, 200)),
            "few, whole": [value / FEW for value in taken["few"]],
            "many, whole": [value / MANY for value in taken["many"]],
            "none": taken["none"],
            "raw": taken["raw"],
        }
    )
    yield Row(what="a step of 1,000", spread=steps.spread("many", 1e3), unit="ms")
    yield Row(what="a step of 1,000 / a step of 10", spread=steps.ratio("many", "few"), most=1.2)
    whole = steps.ratio("many, whole", "few, whole")
    yield Row(what="the same, with the run's own cost", spread=whole)
    yield Row(
        what="a step of 1,000 / raw commit",
        spread=steps.ratio("many", "raw"),
        most=stage.on_postgres(1.5),
    )
    yield Row(what="an async step / raw commit", spread=steps.ratio("async", "raw"))
    yield Row(what="a run of no steps / raw commit", spread=steps.ratio("none", "raw"))


def _net(runs: Sequence[float], nothing: Sequence[float], steps: int) -> list[float]:
    return [(one - none) / steps for one, none in zip(runs, nothing, strict=True)]


def _commits(driver: raw.Driver) -> float:
    run = Run.objects.create(function="raw", status="completed", created=now(), ended=now()).pk
    keys = [step_key(f"step-{number}", 0, "") for number in range(COMMITS)]
    begun = time.perf_counter()
    for key in keys:
        driver.insert_step(run, key)
    return (time.perf_counter() - begun) / COMMITS
