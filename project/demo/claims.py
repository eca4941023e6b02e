"""What must be true at the end: checked against the file, the shop's tables and the run's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from durable.models import Attempt, Run, RunStatus, Step, StepStatus
from project.demo import stage
from project.demo.events import Sent
from project.payments.charge import read_charge
from project.payments.models import Credit, LedgerCall, Receipt
from project.text.chunks import split
from project.text.words import words


class Claim(NamedTuple):
    text: str
    is_true: bool


def check(payment: Run, sent: Sent, text: Run, file: Path) -> Iterator[Claim]:
    """Check both runs; of one that did not complete, only say so."""
    yield from _of_payment(payment, sent) if is_completed(payment) else _of_failed(payment)
    yield from _of_text(text, file) if is_completed(text) else _of_failed(text)


def is_completed(run: Run) -> bool:
    return run.status == RunStatus.COMPLETED


def executions() -> Counter[str]:
    """Count how often each body of the text run was started."""
    return Counter(stage.JOURNAL.read_text().split())


def _of_failed(run: Run) -> Iterator[Claim]:
    yield Claim(f"{run.function} {run.status}: {(run.failure or {}).get('message')}", False)


def _of_payment(run: Run, sent: Sent) -> Iterator[Claim]:
    charge = read_charge(sent.data)
    number, entry = run.result["receipt"], run.result["ledger_entry"]
    receipts = [
        (one.number, one.ledger_entry) for one in Receipt.objects.filter(charge=charge["charge"])
    ]
    credits = list(Credit.objects.filter(charge=charge["charge"]).values_list("amount", flat=True))
    calls = LedgerCall.objects.get(charge=charge["charge"]).calls
    failed = [one.name for one in Attempt.objects.filter(run=run)]
    yield Claim(f"receipt {number} was issued once", receipts == [(number, entry)])
    yield Claim("the account was credited once", credits == [charge["amount"]])
    yield Claim("the confirmation was mailed", _is_mailed(run.result["message_id"]))
    yield Claim(f"the ledger was asked {calls} times and booked the charge", calls > 1)
    yield Claim("book-in-ledger failed once, and nothing else did", failed == ["book-in-ledger"])
    yield _each_once(run, expected=5)


def _of_text(run: Run, file: Path) -> Iterator[Claim]:
    text, result = file.read_text(), run.result
    chunks, flat = len(split(text)), " ".join(text.split())
    yield Claim(f"all {chunks} chunks were analysed and joined", result["chunks"] == chunks)
    yield Claim("every word was counted once", result["words"] == len(words(text)))
    yield Claim("each sentence is in the text", all(one in flat for one in result["summary"]))
    yield _each_once(run, expected=chunks + 2)


def _each_once(run: Run, expected: int) -> Claim:
    recorded = Step.objects.filter(run=run, status=StepStatus.DONE).values_list("name", flat=True)
    is_right = len(recorded) == len(set(recorded)) == expected
    return Claim(f"{run.function} recorded {len(recorded)} results, none of them twice", is_right)


def _is_mailed(message_id: str) -> bool:
    return any(message_id in mail.read_text() for mail in stage.MAIL.glob("*"))
