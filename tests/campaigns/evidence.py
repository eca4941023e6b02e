"""The page that says what was played, and what came of it: written from what the campaigns counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.campaigns import tally
from tests.campaigns.tally import Tally

PAGE = Path("docs") / "explanation" / "evidence.md"

_HEAD = """# Evidence

What the campaigns played, and what came of it. `make campaign` plays them, `make campaign ARGS=evidence` writes this page from what they counted; nothing in it is written by hand.

A trial is one life of one scenario in which one thing goes wrong at one place: before or after a statement, a commit, the body of a step, a wake-up. After each of them all sentences of [`durable_verify`](../reference/commands.md#durable_verify) must be true, every event that was accepted must be there once, every run must have ended as it should, every function must have returned what was recorded of its steps, no body may have run more often than processes died, and what an atomic step wrote must be there once.

- **S singles**: killed before and after, connection lost before and after (so that nobody knows the outcome), deadlock, serialization failure, lock time-out, a task time-out and a lack of memory, at every place of every scenario.
- **S pairs**: a kill at a place, and another one at each place of the recovery.
- **S forked kills**: the process is one of its own, and ends by SIGKILL.
- **P pauses**: a worker stands still at a place for longer than its lease, while another one takes over, or the run is cancelled; then it wakes.
- **X races**: every order in which the statements of two or three actors can come.
- **H programs**: random functions with random interventions, against a model.
- **M mutants**: durable with a bug put in on purpose, which a campaign must notice. Here a failure is a bug that nobody noticed.
- **C chaos**: real clusters under SIGKILL by role, SIGSTOP, terminated sessions, locks, a network that resets, swallows and delays, wrong clocks, lost and doubled messages and, on a server of their own, crashes of the database, a full disk, and a limit of connections.

A part that was drawn by lot was drawn by the seed, which together with the name of the campaign plays the same trials again. In all but C the processes die and not the servers, which therefore need not wait for their disks.

Zero failures in so many trials is a bound, not a proof: of a fault at a place that no scenario comes by, they say nothing.
"""


def write() -> None:
    """Write the page."""
    kept = tally.saved()
    PAGE.write_text("\n".join([_HEAD, *_table(kept), "", *_details(kept)]) + "\n")


def _table(kept: Sequence[Tally]) -> Iterator[str]:
    yield "| campaign | database | how much of it | trials | failures | minutes | seed | day | commit |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in kept:
        counts = f"{one.trials:,} | {len(one.failures)} | {one.seconds / 60:.1f} | {one.seed}"
        yield f"| {one.campaign} | {one.database} | {_share(one)} | {counts} | {one.day} | {one.commit} |"


def _share(one: Tally) -> str:
    """Say how much of what there is was played: nobody shall take a part for the whole."""
    places = "all" if one.every == 1 else f"one place in {one.every}"
    if one.pieces == one.planned:
        return places
    return f"{places}, {one.pieces} of {one.planned} parts, drawn by lot"


def _details(kept: Sequence[Tally]) -> Iterator[str]:
    for one in kept:
        counted = [*_seen(one), *one.counts.items(), *one.figures.items()]
        if counted:
            said = ", ".join(f"{name} {value:,}" for name, value in counted)
            yield f"- {one.campaign} on {one.database}: {said}."
        if one.failures:
            yield f"  Failed: {'; '.join(one.failures)}."


def _seen(one: Tally) -> Iterator[tuple[str, int]]:
    for kind, names in one.seen.items():
        yield kind, sum(names.values())
