"""A trip is paid and booked at three places; if one refuses, the others are undone in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import durable

Undo = tuple[str, Callable[[], str]]


class Outside:
    """A bank, a hotel and an airline, as far as a saga sees them: files in a folder.

    Each knows what it did by the caller's key. It may refuse, and it may be too slow to answer.
    """

    def __init__(self, folder: str, key: str) -> None:
        self.folder, self.key = Path(folder), key

    def do(self, what: str) -> None:
        """Do something under the key; raise if it is refused, or if no answer came although it was done."""
        if (self.folder / f"{what}-is-refused").exists():
            raise durable.NonRetriableError(f"{what}: refused", quiet=True)
        with (self.folder / "log").open("a") as log:
            log.write(f"{what}\n")
        (self.folder / f"{what}.{self.key}").touch()
        if (self.folder / "slow").exists():
            time.sleep(0.5)
        with suppress(FileNotFoundError):
            (self.folder / f"{what}-does-not-answer").unlink()
            raise TimeoutError(f"{what}: no answer")

    def has_done(self, what: str) -> bool:
        """Whether something was done under the key."""
        return (self.folder / f"{what}.{self.key}").exists()


def do(folder: str, key: str, what: str) -> str:
    """Do something, unless it was done: a try whose answer was lost may have succeeded."""
    outside = Outside(folder, key)
    if not outside.has_done(what):
        outside.do(what)
    return f"{what} done"


def undo(folder: str, key: str, what: str) -> str:
    """Undo something that may have been done, and may have been undone."""
    outside = Outside(folder, key)
    if not outside.has_done(what):
        return f"{what} was never done"
    do(folder, key, f"undo-{what}")
    return f"{what} undone"


@durable.create_function(
    fn_id="book-trip",
    trigger=durable.TriggerEvent(event="trip/ordered"),
    retries=2,
)
def book_trip(ctx: durable.ContextSync) -> dict[str, object]:
    """Charge, reserve and book, or leave nothing of it."""
    folder, key = ctx.event.data["folder"], ctx.run_id
    undos: list[Undo] = []
    try:
        for what in ("charge", "hotel", "flight"):
            # Before it is done: whoever does not know whether it was has to undo it.
            undos.append((f"undo-{what}", partial(undo, folder, key, what)))
            ctx.step.run(what, do, folder, key, what)
    except durable.StepError as error:
        return {"status": "undone", "why": error.message, **compensate(ctx, undos)}
    return {"status": "booked"}


def compensate(ctx: durable.ContextSync, undos: list[Undo]) -> dict[str, object]:
    """Undo in reverse order. What cannot be undone is handed to a person, and waited for."""
    stuck = []
    for name, body in reversed(undos):
        try:
            ctx.step.run(name, body)
        except durable.StepError:
            stuck.append(name)
    if not stuck:
        return {}
    ctx.step.run("alert", alert, ctx.event.data["folder"], f"{ctx.run_id}: {', '.join(stuck)}")
    mended = ctx.step.wait_for_event(
        "mended", event="trip/mended", if_exp=f"async.data.run == '{ctx.run_id}'", timeout="30d"
    )
    return {"status": "mended by hand", "by": mended.data["by"]} if mended else {"stuck": stuck}


@durable.create_function(
    fn_id="undo-cancelled-trip",
    trigger=durable.TriggerEvent(
        event="durable/function.cancelled", expression='event.data.function_id == "book-trip"'
    ),
    retries=2,
)
def undo_cancelled_trip(ctx: durable.ContextSync) -> dict[str, object]:
    """Undo what a trip that was cancelled on its way had done."""
    folder, key = ctx.event.data["event"]["data"]["folder"], ctx.event.data["run_id"]
    ctx.step.sleep("let-bodies-end", "5m")  # what was executed is not interrupted by the cancelling
    undos: list[Undo] = [
        (f"undo-{what}", partial(undo, folder, key, what)) for what in ("charge", "hotel", "flight")
    ]
    for name, body in reversed(undos):
        ctx.step.run(name, body)
    return {"status": "undone"}


def alert(folder: str, text: str) -> None:
    """Call a person."""
    with Path(folder, "alerts").open("a") as alerts:
        alerts.write(f"{text}\n")
