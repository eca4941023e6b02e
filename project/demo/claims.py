"""What must be true at the end: checked against the file, the shop's tables and the run's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from project.demo import stage
from project.demo.events import Sent
from project.demo.progress import View, failed_tries, recorded
from project.payments.charge import read_charge
from project.payments.models import Credit, LedgerCall, Receipt
from project.text.chunks import split
from project.text.words import words


class Claim(NamedTuple):
    text: str
    is_true: bool


def check(payment: View, sent: Sent, text: View, file: Path) -> Iterator[Claim]:
    """Check both runs; of one that did not complete, only say so."""
    yield from _of_payment(payment, sent) if payment.is_completed else _of_failed(payment)
    yield from _of_text(text, file) if text.is_completed else _of_failed(text)


def executions() -> Counter[str]:
    """Count how often each body of the text run was started."""
    return Counter(stage.JOURNAL.read_text().split())


def _of_failed(view: View) -> Iterator[Claim]:
    reasons = ": ".join(message for _, message in failed_tries(view)[-1:])
    yield Claim(f"{view.function} {view.run.status}: {reasons}", False)


def _of_payment(view: View, sent: Sent) -> Iterator[Claim]:
    charge = read_charge(sent.data)
    name, settled = charge["charge"], view.result
    receipts = [(one.number, one.ledger_entry) for one in Receipt.objects.filter(charge=name)]
    credits = list(Credit.objects.filter(charge=name).values_list("amount", flat=True))
    calls = LedgerCall.objects.get(charge=name).calls
    failed = {step for step, _ in failed_tries(view)}
    is_issued = receipts == [(settled["receipt"], settled["ledger_entry"])]
    yield Claim(f"receipt {settled['receipt']} was issued once", is_issued)
    yield Claim("the account was credited once", credits == [charge["amount"]])
    yield Claim("the confirmation was mailed", _is_mailed(settled["message_id"]))
    yield Claim(f"the ledger was asked {calls} times and booked the charge", calls > 1)
    yield Claim("no step but book-in-ledger was tried again", failed <= {"book-in-ledger"})
    yield _each_once(view, expected=5)


def _of_text(view: View, file: Path) -> Iterator[Claim]:
    text, result = file.read_text(), view.result
    chunks, flat = len(split(text)), " ".join(text.split())
    yield Claim(f"all {chunks} chunks were analysed and joined", result["chunks"] == chunks)
    yield Claim("every word was counted once", result["words"] == len(words(text)))
    yield Claim("each sentence is in the text", all(one in flat for one in result["summary"]))
    yield _each_once(view, expected=chunks + 2)


def _each_once(view: View, expected: int) -> Claim:
    names = recorded(view)
    is_right = len(names) == len(set(names)) == expected
    return Claim(f"{view.function} recorded {len(names)} results, none of them twice", is_right)


def _is_mailed(message_id: str) -> bool:
    return any(message_id in mail.read_text() for mail in stage.MAIL.glob("*"))
