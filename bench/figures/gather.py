"""Waiting at the same time: many async steps in one worker."""

from __future__ import annotations

from collections.abc import Iterator

from bench import runs
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage

NAPS, MILLISECONDS = 100, 50


def measure(stage: Stage) -> Iterator[Row]:
    """Gather a hundred steps that wait, against a run of one."""
    rounds = take_turns(
        stage.either(15, 3),
        {
            "all": lambda: runs.drive("naps", 1, steps=NAPS, milliseconds=MILLISECONDS),
            "one": lambda: runs.drive("naps", 1, steps=1, milliseconds=MILLISECONDS),
        },
    )
    what = f"gather of {NAPS} steps of {MILLISECONDS} ms / of 1"
    yield Row(what=what, spread=rounds.ratio("all", "one"), most=2.0)
