"""Planned steps in place, and each a run of its own: what it costs for short ones, and brings for long ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from bench import runs
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage
from durable.operations.audit import Actor
from durable.operations.configure import configure_function

CASES = {"100 steps of 0 ms": (100, 0), "40 steps of 100 ms": (40, 100)}
SEEN = 1.2  # seconds, after which every worker obeys


def measure(stage: Stage) -> Iterator[Row]:
    """Take turns on one cluster."""
    stage.cluster.wait_until_ready()
    for name, (steps, milliseconds) in CASES.items():
        play = partial(_play, steps, milliseconds)
        rounds = take_turns(
            stage.either(7, 2),
            {"in place": partial(play, fan_out=False), "fan-out": partial(play, fan_out=True)},
        )
        yield Row(what=f"{name}, in place", spread=rounds.spread("in place", 1e3), unit="ms")
        yield Row(what=f"{name}, fan-out", spread=rounds.spread("fan-out", 1e3), unit="ms")
        yield Row(what=f"{name}: fan-out / in place", spread=rounds.ratio("fan-out", "in place"))


def _play(steps: int, milliseconds: int, *, fan_out: bool) -> float:
    configure_function("slow-fan", {"fan_out": fan_out}, actor=Actor(who="bench", via="command"))
    time.sleep(SEEN)
    begun = time.monotonic_ns()
    (end,) = runs.await_ends(runs.send("slow-fan", steps=steps, milliseconds=milliseconds))
    return (end - begun) / 1e9
