from __future__ import annotations

import pytest
from django.core import mail

from durable import RetryAfterError
from project.payments import steps
from project.payments.charge import read_charge
from project.payments.emails import send_confirmation
from project.payments.models import Account, LedgerCall, Receipt
from tests.project.payload import stripe_event

pytestmark = pytest.mark.django_db

CHARGE = read_charge(stripe_event())


def test_confirmation_names_price_and_charge() -> None:
    send_confirmation("run:send-email", CHARGE)
    assert mail.outbox[0].subject == "Payment of 49.50 EUR received"
    assert "ch_3VsLightHouse0Hallow" in mail.outbox[0].body


def test_second_copy_of_a_mail_has_the_same_message_id() -> None:
    send_confirmation("run:send-email", CHARGE)
    send_confirmation("run:send-email", CHARGE)
    assert {str(one.message()["Message-ID"]) for one in mail.outbox} == {
        "<run.send-email@shop.example>"
    }


def test_account_is_credited_once_for_a_key() -> None:
    assert steps.credit_account("run:credit", CHARGE) == 4950
    assert steps.credit_account("run:credit", CHARGE) == 4950
    assert Account.objects.get().balance == 4950


def test_another_payment_adds_to_the_balance() -> None:
    steps.credit_account("run 1:credit", CHARGE)
    assert steps.credit_account("run 2:credit", CHARGE) == 9900


def test_receipt_is_issued_once_for_a_key_and_keeps_its_number() -> None:
    number = steps.issue_receipt("run:receipt", CHARGE)
    assert steps.issue_receipt("run:receipt", CHARGE) == number
    assert Receipt.objects.get().number == number
    assert number.startswith("R-2026-")


def test_ledger_is_busy_on_its_first_call_only() -> None:
    with pytest.raises(RetryAfterError, match="the ledger is busy"):
        steps.book_in_ledger(CHARGE)
    entry = steps.book_in_ledger(CHARGE)
    assert steps.book_in_ledger(CHARGE) == entry
    assert LedgerCall.objects.get().calls == 3


def test_receipt_bears_the_result_of_the_other_steps() -> None:
    number = steps.issue_receipt("run:receipt", CHARGE)
    settled = steps.Settled(receipt=number, balance=4950, ledger_entry="L1", message_id="<m>")
    steps.settle("run:receipt", settled)
    receipt = Receipt.objects.get()
    assert (receipt.ledger_entry, receipt.message_id) == ("L1", "<m>")
