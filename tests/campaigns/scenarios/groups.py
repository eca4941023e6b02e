"""Steps side by side: WAIT and RACE, nested, races, maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import durable
from durable import ParallelMode
from durable.engine import pace
from tests.campaigns.scenarios.scenario import Scenario, act, function, go, stumble
from tests.campaigns.scenarios.steps import write
from tests.campaigns.stage import Stage


def _say(ctx: durable.ContextSync, *names: str) -> dict[str, Any]:
    bodies = {name: stumble if name.startswith("shaky") else act for name in names}
    return {name: ctx.step.run(name, body, name) for name, body in bodies.items()}


def branches(ctx: durable.ContextSync) -> Any:
    left, right = ctx.group.parallel(
        (lambda: _say(ctx, "a", "shaky b"), lambda: _say(ctx, "x", "y"))
    )
    return left | right | _say(ctx, "last")


def nested(ctx: durable.ContextSync) -> dict[str, Any]:
    def inner() -> Any:
        one, two = ctx.group.parallel((lambda: _say(ctx, "p"), lambda: _say(ctx, "q")))
        return one | two | _say(ctx, "r")

    left, right = ctx.group.parallel((inner, lambda: _say(ctx, "x", "y")))
    both: dict[str, Any] = left | right
    return both


def raced(ctx: durable.ContextSync) -> dict[str, Any]:
    won: Any = ctx.group.race(
        (
            lambda: _say(ctx, "quick"),
            lambda: ctx.step.sleep("limit", "1h"),
            partial(ctx.step.wait_for_event, "wait", event="never", timeout="2h"),
        )
    )
    return {**won, **_say(ctx, "last")}


def lost_race(ctx: durable.ContextSync) -> dict[str, Any]:
    """The time-out wins, and a branch with more to do is given up."""

    def slow() -> dict[str, Any]:
        ctx.step.sleep("long", "2h")
        return _say(ctx, "too late")

    won = ctx.group.race((slow, lambda: ctx.step.sleep("limit", "1h")))
    return {"won": won, **_say(ctx, "last")}


def race_in_group(ctx: durable.ContextSync) -> dict[str, Any]:
    """A race in one branch, beside a group in the other, each with a time-out that loses."""

    def inner() -> Any:
        return ctx.group.race(
            (lambda: _say(ctx, "quick"), lambda: ctx.step.sleep("limit", "1h")),
        )

    def beside() -> Any:
        one, two = ctx.group.parallel((lambda: _say(ctx, "p"), lambda: _say(ctx, "shaky q")))
        return one | two

    left, right = ctx.group.parallel((inner, beside))
    return {**left, **right, **_say(ctx, "last")}


def mapped(ctx: durable.ContextSync) -> dict[str, Any]:
    results = ctx.group.map("map", act, ["i", "j", "k", "l"], size=2)
    return {"results": list(results), **_say(ctx, "last")}


def atomic(ctx: durable.ContextSync) -> dict[str, Any]:
    x, y = ctx.group.parallel(
        (
            partial(ctx.step.run, "x", write, "x", atomic=True),
            partial(ctx.step.run, "y", write, "y", atomic=True),
        )
    )
    return {"x": x, "y": y}


_QUICK = {"a": 1, "shaky b": 2, "c": 1, "last": 1}
_BRANCHES = {"a": 1, "shaky b": 2, "x": 1, "y": 1, "last": 1}


def side_by_side(ctx: durable.ContextSync) -> dict[str, Any]:
    """Steps that are known to be quick, one of which fails once; they have no row before they have ended."""
    bodies = {"a": act, "shaky b": stumble, "c": act}
    calls = tuple(partial(ctx.step.run, name, body, name) for name, body in bodies.items())
    results = ctx.group.parallel(calls)
    return {**dict(zip(bodies, results, strict=True)), **_say(ctx, "last")}


_AT_THE_END = {"durable.engine.batch.HOLD": 60.0, "durable.engine.wave.STRAGGLERS": 60.0}


def _of(
    name: str,
    handler: Any,
    bodies: dict[str, int],
    live: Callable[[Stage], None] = go,
    together: int = 1,
    decided: Mapping[str, Any] = MappingProxyType({}),
    apart: tuple[str, ...] = (),
    effects: tuple[str, ...] = (),
    **options: Any,
) -> Scenario:
    return Scenario(
        name=name,
        define=lambda: function(handler, "f", fan_out=bool(apart), **options),
        live=live,
        ends=dict.fromkeys(["f", *(f"f / {step}" for step in apart)], "completed"),
        bodies=bodies,
        together=together,
        decided=decided,
        effects=effects,
    )


def known_as_quick(stage: Stage) -> None:
    """Live as a worker does that has seen these bodies before."""
    for body in (act, stumble):
        pace.learn(body, 0.0)
    go(stage)


SCENARIOS = (
    _of("parallel wait", branches, _BRANCHES),
    _of("parallel, quick", branches, _BRANCHES, live=known_as_quick),
    _of("parallel race", branches, _BRANCHES, parallel_mode=ParallelMode.RACE),
    _of("parallel strict", branches, _BRANCHES, strict=True),
    _of("nested", nested, {"p": 1, "q": 1, "r": 1, "x": 1, "y": 1}),
    _of("results together", branches, _BRANCHES, together=4, decided=_AT_THE_END),
    _of("quick group", side_by_side, _QUICK, live=known_as_quick),
    _of(
        "quick group, together",
        side_by_side,
        _QUICK,
        live=known_as_quick,
        together=3,
        decided=_AT_THE_END,
    ),
    _of(
        "quick group, race",
        side_by_side,
        _QUICK,
        live=known_as_quick,
        parallel_mode=ParallelMode.RACE,
    ),
    _of("race", raced, {"quick": 1, "last": 1}),
    _of("race by time", lost_race, {"last": 1}),
    _of("race in a group", race_in_group, {"quick": 1, "p": 1, "shaky q": 2, "last": 1}),
    _of("fan-out", branches, _BRANCHES, apart=("a", "shaky b", "x", "y")),
    _of("fan-out strict", branches, _BRANCHES, apart=("a", "shaky b", "x", "y"), strict=True),
    _of(
        "fan-out nested",
        nested,
        {"p": 1, "q": 1, "r": 1, "x": 1, "y": 1},
        apart=("p", "q", "r", "x", "y"),
    ),
    _of("fan-out atomic", atomic, {"x": 1, "y": 1}, apart=("x", "y"), effects=("x", "y")),
    _of("map", mapped, {"i": 1, "j": 1, "k": 1, "l": 1, "last": 1}, together=2),
)
