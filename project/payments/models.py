"""What the shop remembers of a payment. Amounts are whole cents, as Stripe sends them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Account(models.Model):
    customer = models.CharField(max_length=64, unique=True)
    email = models.EmailField()
    balance = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    last_payment = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.customer


class Credit(models.Model):
    """One payment added to one balance; the key makes adding it twice impossible."""

    key = models.CharField(max_length=128, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="credits")
    charge = models.CharField(max_length=64)
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.charge} {self.amount}"


class Receipt(models.Model):
    key = models.CharField(max_length=128, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="receipts")
    charge = models.CharField(max_length=64)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    issued = models.DateTimeField()
    ledger_entry = models.CharField(max_length=64, blank=True)
    message_id = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number on the paper: from the row's id, so that two never share one."""
        return f"R-{self.issued:%Y}-{self.pk:06d}"


class LedgerCall(models.Model):
    """How often the pretend ledger was asked to book a charge, and what it booked."""

    charge = models.CharField(max_length=64, unique=True)
    calls = models.PositiveIntegerField(default=0)
    entry = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.charge} {self.entry or 'not booked'}"
