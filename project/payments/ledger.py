"""A pretend bookkeeping service that is busy the first time it hears of a charge.

Its memory is a table, so that every worker process talks to the same service.
"""

from __future__ import annotations

from django.db.models import F

from project.payments.models import LedgerCall


class LedgerBusyError(Exception):
    """The ledger cannot book now; ask again after `retry_after` milliseconds."""

    def __init__(self, charge: str, retry_after: int) -> None:
        super().__init__(f"the ledger is busy and did not book {charge}")
        self.retry_after = retry_after


class Ledger:
    retry_after = 1_000

    def book(self, charge: str, amount: int) -> str:
        """Book a charge and return the number of the entry; the same charge is booked once."""
        call, _ = LedgerCall.objects.get_or_create(charge=charge)
        LedgerCall.objects.filter(pk=call.pk).update(calls=F("calls") + 1)
        call.refresh_from_db()
        if call.calls == 1:
            raise LedgerBusyError(charge, self.retry_after)
        LedgerCall.objects.filter(pk=call.pk, entry="").update(entry=f"L{call.pk:05d}-{amount}")
        call.refresh_from_db()
        return call.entry
