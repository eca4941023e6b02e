"""Random functions: steps, one after the other, side by side, and in each other; with few ids."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st

import durable

ran: list[str] = []


@dataclass(frozen=True)
class Step:
    """A step. Its result is the place where it stands, so that no two have the same."""

    name: str
    is_async: bool
    failures: int = 0  # tries that fail before one succeeds


@dataclass(frozen=True)
class Together:
    """Parts that run one after the other (`how` is "chain"), or side by side."""

    how: str
    parts: tuple[Part, ...]


Part = Step | Together

sure_steps = st.builds(Step, st.sampled_from("ab"), st.booleans())
shaky_steps = st.builds(Step, st.sampled_from("ab"), st.booleans(), st.sampled_from((0, 0, 1)))


def programs(depth: int, *ways: str, steps: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    """Return functions whose parts stand together in these ways, so deep.

    Twins are likely: two parts of one shape, with one and the same ids, are what could be mixed up.
    """
    if not depth:
        return steps
    below = programs(depth - 1, *ways, steps=steps)
    twins = below.map(lambda part: (part, part))
    others = st.lists(below, min_size=1, max_size=2).map(tuple)
    return st.builds(Together, st.sampled_from(ways), twins | others) | below


SYNC, ASYNC = ("chain", "group"), ("chain", "group", "gather", "tasks")
sync_programs = programs(4, *SYNC, steps=sure_steps)
async_programs = programs(4, *ASYNC, steps=sure_steps)


def expected(part: Part, place: str = "") -> Any:
    """Return what a program must return."""
    if isinstance(part, Step):
        return place
    return [expected(inner, f"{place}.{n}") for n, inner in enumerate(part.parts)]


def executions(part: Part, place: str = "") -> list[str]:
    """Return the places of all steps, each as often as its body must run."""
    if isinstance(part, Step):
        return [place] * (part.failures + 1)
    inner = enumerate(part.parts)
    return [found for n, one in inner for found in executions(one, f"{place}.{n}")]


def places(part: Part, place: str = "") -> list[str]:
    """Return the places of all steps."""
    if isinstance(part, Step):
        return [place]
    return [found for n, inner in enumerate(part.parts) for found in places(inner, f"{place}.{n}")]


def sync_function(part: Part) -> Callable[[durable.ContextSync], Any]:
    """Return the program as a sync function."""
    return lambda ctx: _run(ctx, part, "")


def async_function(part: Part) -> Callable[[durable.Context], Awaitable[Any]]:
    """Return the program as an async function."""

    async def function(ctx: durable.Context) -> Any:
        return await _await(ctx, part, "")

    return function


def _body(place: str, failures: int) -> str:
    ran.append(place)
    if ran.count(place) <= failures:
        raise ConnectionError(place)
    return place


async def _abody(place: str, failures: int) -> str:
    await asyncio.sleep(0)
    return _body(place, failures)


def _run(ctx: durable.ContextSync, part: Part, place: str) -> Any:
    if isinstance(part, Step):
        return ctx.step.run(part.name, _body, place, part.failures)
    branches = [partial(_run, ctx, inner, f"{place}.{n}") for n, inner in enumerate(part.parts)]
    if part.how == "chain":
        return [branch() for branch in branches]
    return list(ctx.group.parallel(tuple(branches)))


async def _await(ctx: durable.Context, part: Part, place: str) -> Any:
    if isinstance(part, Step):
        body: Callable[[str, int], Any] = _abody if part.is_async else _body
        return await ctx.step.run(part.name, body, place, part.failures)
    branches = [partial(_await, ctx, inner, f"{place}.{n}") for n, inner in enumerate(part.parts)]
    match part.how:
        case "chain":
            return [await branch() for branch in branches]
        case "group":
            return list(await ctx.group.parallel(tuple(branches)))
        case "gather":
            return await asyncio.gather(*[branch() for branch in branches])
        case _:
            async with asyncio.TaskGroup() as tasks:
                made = [tasks.create_task(branch()) for branch in branches]
            return [task.result() for task in made]
