"""The step bodies. Each may run twice if its worker dies, and takes effect once, by its key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

from django.db import transaction
from django.db.models import F

import durable
from project.payments.charge import Charge
from project.payments.ledger import Ledger, LedgerBusyError
from project.payments.models import Account, Credit, Receipt


class Settled(TypedDict):
    receipt: str
    balance: int
    ledger_entry: str
    message_id: str


def credit_account(key: str, charge: Charge) -> int:
    """Add the payment to the customer's balance and return the balance."""
    account = _account(charge)
    with transaction.atomic():
        _, is_new = Credit.objects.get_or_create(
            key=key,
            defaults={"account": account, "charge": charge["charge"], "amount": charge["amount"]},
        )
        if is_new:
            Account.objects.filter(pk=account.pk).update(
                balance=F("balance") + charge["amount"], last_payment=_paid_at(charge)
            )
    account.refresh_from_db()
    return account.balance


def issue_receipt(key: str, charge: Charge) -> str:
    """Create the receipt and return its number."""
    receipt, _ = Receipt.objects.get_or_create(
        key=key,
        defaults={
            "account": _account(charge),
            "charge": charge["charge"],
            "amount": charge["amount"],
            "currency": charge["currency"],
            "issued": _paid_at(charge),
        },
    )
    return receipt.number


def book_in_ledger(charge: Charge) -> str:
    """Book the charge and return the entry; a busy ledger says itself when to come back."""
    try:
        return Ledger().book(charge["charge"], charge["amount"])
    except LedgerBusyError as busy:
        raise durable.RetryAfterError(str(busy), busy.retry_after) from busy


def settle(receipt_key: str, settled: Settled) -> Settled:
    """Note on the receipt what the other steps brought."""
    Receipt.objects.filter(key=receipt_key).update(
        ledger_entry=settled["ledger_entry"], message_id=settled["message_id"]
    )
    return settled


def _account(charge: Charge) -> Account:
    account, _ = Account.objects.get_or_create(
        customer=charge["customer"],
        defaults={"email": charge["email"], "currency": charge["currency"]},
    )
    return account


def _paid_at(charge: Charge) -> datetime:
    return datetime.fromtimestamp(charge["created"], UTC)
