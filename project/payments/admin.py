from __future__ import annotations

from django.contrib import admin

from project.payments.models import Account, Credit, LedgerCall, Receipt

admin.site.register(
    Account,
    list_display=("customer", "email", "balance", "currency", "last_payment"),
    search_fields=("customer", "email"),
)
admin.site.register(
    Receipt,
    list_display=("number", "charge", "amount", "currency", "ledger_entry", "issued"),
    search_fields=("charge",),
)
admin.site.register(Credit, list_display=("charge", "account", "amount"))
admin.site.register(LedgerCall, list_display=("charge", "calls", "entry"))
