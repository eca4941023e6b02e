"""Code that must not type-check: each ignore below would be complained about if it were not needed."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from functools import partial

import durable
from tests.contract.typing_api import count, fetch, shout


def sync_function(ctx: durable.ContextSync) -> None:
    ctx.step.run("wrong argument", count, 5)  # type: ignore[arg-type]
    ctx.step.run("argument missing", shout, "text")  # type: ignore[arg-type]
    ctx.step.run("one too many", count, "text", 2)  # type: ignore[arg-type]
    ctx.step.run(5, count, "id is a number")  # type: ignore[arg-type]
    _: str = ctx.step.run("result", count, "text")  # type: ignore[assignment]
    __: str = ctx.step.run("typed", count, "text", output_type=int)  # type: ignore[assignment]
    ctx.group.parallel((ctx.step.run("called", count, "text"),))  # type: ignore[arg-type]
    ctx.group.parallel((), "wait")  # type: ignore[call-overload]
    ctx.step.invoke("by its id", function="callee")  # type: ignore[arg-type]
    ctx.sleep("not here")  # type: ignore[attr-defined]


def right_but_not_for_pyright(ctx: durable.ContextSync) -> None:
    # It does not look into a partial of a function whose parameters are those of another; mypy does.
    ctx.group.parallel((partial(ctx.step.run, "a", count, "a"),))  # pyright: ignore[reportArgumentType, reportCallIssue]


def more_than_six_branches(ctx: durable.ContextSync) -> None:
    seven = ctx.group.parallel(
        (
            lambda: ctx.step.run("count", count, "text"),
            lambda: ctx.step.run("shout", shout, "text", 2),
            lambda: 3,
            lambda: 4,
            lambda: 5,
            lambda: 6,
            lambda: 7,
        )
    )
    _: int = seven[0]  # type: ignore[assignment]


async def async_function(ctx: durable.Context) -> None:
    await ctx.step.run("wrong argument", fetch, "3")  # type: ignore[arg-type]
    _: bytes = ctx.step.run("fetch", fetch, 3)  # type: ignore[assignment]


def definitions() -> None:
    durable.create_function(fn_id="x", trigger="typing/x")  # type: ignore[arg-type]
    durable.create_function(fn_id="x")  # type: ignore[call-arg]
    durable.Event("typing/x")  # type: ignore[call-arg]
    durable.Event(name=5)  # type: ignore[arg-type]
    durable.send("typing/x")  # type: ignore[arg-type]
    durable.RetryAfterError("busy", "5 s")  # type: ignore[arg-type]
