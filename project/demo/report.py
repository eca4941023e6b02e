"""The results, as a person wants to read them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator

from project.demo import stage
from project.demo.claims import Claim, executions
from project.demo.progress import View, failed_tries, recorded

WIDTH = 92
INDENT = " " * 12


def results(payment: View, text: View) -> Iterator[str]:
    """Tell what the runs brought."""
    if payment.is_completed:
        yield from _titled(payment.function, _payment(payment))
    if text.is_completed:
        yield from _titled(text.function, _text(text))


def recovery(text: View, killed: int) -> Iterator[str]:
    """Tell what the kills cost: bodies that ran again, and no result more."""
    yield from _titled("after the kills", _recovery(text, killed))


def verdict(claims: Iterable[Claim]) -> Iterator[str]:
    """List what was checked."""
    yield from _titled("checked", (f"{'ok' if c.is_true else 'WRONG':<12}{c.text}" for c in claims))


def ending(seconds: float, views: list[View]) -> Iterator[str]:
    """Tell how long it took, and where to look further."""
    serve = "make serve"
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        serve = f"DATABASE_URL={os.environ['DATABASE_URL']} {serve}"
    yield ""
    yield f"From the events to the results it took {seconds:.1f} seconds. The worker has stopped."
    yield f"To look at the runs in the admin: {serve}"
    yield from (
        f"  http://127.0.0.1:8000/admin/durable/run/{view.run.pk}/change/" for view in views
    )


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"── {title} ".ljust(WIDTH, "─")
    yield from lines


def _payment(view: View) -> Iterator[str]:
    result = view.result
    yield f"{'Receipt':<12}{result['receipt']}, ledger entry {result['ledger_entry']}"
    yield f"{'Balance':<12}{result['balance'] / 100:.2f}"
    yield f"{'Mail':<12}{result['message_id']}, in {stage.shown(stage.MAIL)}"
    for step, message in failed_tries(view):
        yield f"{'Retried':<12}{step}: {message}"


def _text(view: View) -> Iterator[str]:
    result = view.result
    for number, sentence in enumerate(result["summary"]):
        yield from _wrapped("" if number else "Summary", sentence)
    terms = ", ".join(f"{one['term']} {one['count']}" for one in result["top_terms"])
    yield from _wrapped("Top terms", terms)
    yield f"{'Length':<12}{result['words']:,} words in {result['sentences']:,} sentences"
    yield f"{'Readability':<12}{result['reading_ease']} by Flesch's formula; 60 is plain English, 30 is hard"
    hardest = result["hardest"]
    yield from _wrapped(
        "Hardest", f"{hardest['reading_ease']} in chunk {hardest['chunk']}: {hardest['opening']}"
    )


def _recovery(view: View, killed: int) -> Iterator[str]:
    counts = executions()
    again = [name for name, count in counts.items() if count > 1]
    yield f"{'Killed':<12}{killed} processes" + ("" if killed else ": the run ended too soon")
    yield f"{'Bodies':<12}{counts.total()} were started, of {len(counts)} steps"
    yield from _wrapped("Again", ", ".join(again) or "none had to be started again")
    yield f"{'Results':<12}{len(recorded(view))} were recorded, one for each step"


def _wrapped(title: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{title:<12}", subsequent_indent=INDENT, break_on_hyphens=False
    )
