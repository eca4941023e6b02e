"""Functions of which histories are recorded in `fixtures/histories`.

Never change one: a run that is in flight during an upgrade is what it stands for. Add another instead,
and record it: `python -m tests.unit.playback.recorded`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import durable
from durable.playback.failure import Failure
from durable.playback.memo import Memo
from durable.playback.outcome import Finished, Outcome
from tests.unit.playback.performer import Handler, MemoryPerformer, call

FOLDER = Path(__file__).parents[3] / "fixtures" / "histories"

ran: list[str] = []


def body(mark: str) -> str:
    ran.append(mark)
    return mark


def fail(mark: str) -> str:
    ran.append(mark)
    raise durable.NonRetriableError(f"{mark} cannot be done")


def sequence(ctx: durable.ContextSync) -> list[str]:
    first = ctx.step.run("first", body, "first")
    looped = [ctx.step.run("turn", body, f"turn {number}") for number in range(3)]
    return [first, *looped, ctx.step.run("ünïcode 🎈", body, "last")]


def caught(ctx: durable.ContextSync) -> str:
    try:
        return ctx.step.run("charge", fail, "charge")
    except durable.StepError as error:
        return ctx.step.run("apologise", body, f"{error.code} {error.name}: {error.message}")


def nested(ctx: durable.ContextSync) -> list[Any]:
    def left() -> list[Any]:
        before = ctx.step.run("before", body, "before")
        inner = ctx.group.parallel(
            (lambda: ctx.step.run("same", body, "l0"), lambda: ctx.step.run("same", body, "l1"))
        )
        return [before, *inner]

    def right() -> list[Any]:
        return [ctx.step.run("same", body, "r0"), ctx.step.run("same", body, "r1")]

    first = ctx.group.parallel((left, right))
    second = ctx.group.parallel((right, lambda: ctx.step.run("before", body, "again")))
    return [*first, *second]


async def gathered(ctx: durable.Context) -> list[Any]:
    async def branch(name: str) -> list[str]:
        first = await ctx.step.run("same", body, f"{name}0")
        inner = await asyncio.gather(
            ctx.step.run("same", body, f"{name}1"), ctx.step.run("same", body, f"{name}2")
        )
        return [first, *inner]

    first = await asyncio.gather(branch("a"), branch("b"))
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(branch(name)) for name in "cd"]
    grouped = await ctx.group.parallel((lambda: branch("e"), lambda: branch("f")))
    return [*first, *[task.result() for task in made], *grouped]


FUNCTIONS: dict[str, Handler] = {
    "sequence": sequence,
    "caught": caught,
    "nested": nested,
    "gathered": gathered,
}


class Recorder(MemoryPerformer):
    """Writes down the steps as they are recorded."""

    def record_history(self, handler: Handler) -> dict[str, Any]:
        outcome = call(handler, performer=self)
        assert isinstance(outcome, Finished)
        memos = sorted(self.tape.memos.values(), key=lambda memo: memo.key)
        return {"result": outcome.value, "steps": [written(memo) for memo in memos]}


def written(memo: Memo) -> dict[str, Any]:
    """Return a memo as a history holds it."""
    error = None if memo.failure is None else {**memo.failure.to_json(), "stack": ""}
    return {"key": memo.key, "branch": memo.branch, "output": memo.output, "error": error}


def read(step: dict[str, Any]) -> Memo:
    """Return a memo that a history holds."""
    failure = step["error"] and Failure.of_json(step["error"])
    return Memo(key=step["key"], branch=step["branch"], output=step["output"], failure=failure)


def replay(name: str) -> tuple[Outcome, Any]:
    """Call a function over its history; return what came of it, and what came of it then."""
    history = json.loads((FOLDER / f"{name}.json").read_text())
    ran.clear()
    return call(FUNCTIONS[name], *map(read, history["steps"])), history["result"]


def main() -> None:
    """Record the histories that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for name, handler in FUNCTIONS.items():
        file = FOLDER / f"{name}.json"
        if not file.exists():
            history = Recorder().record_history(handler)
            file.write_text(json.dumps(history, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
