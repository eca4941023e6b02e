"""What happens when Stripe reports a payment: four things at once, then a note of the result."""

from __future__ import annotations

import durable
from project.payments import steps
from project.payments.charge import read_charge
from project.payments.emails import send_confirmation


@durable.create_function(
    fn_id="post-payment-flow",
    trigger=durable.TriggerEvent(event="stripe/charge.succeeded"),
    retries=3,
)
def post_payment_flow(ctx: durable.ContextSync) -> steps.Settled:
    charge = read_charge(ctx.event.data)
    run, key = ctx.step.run, ctx.run_id
    message_id, balance, receipt, ledger_entry = ctx.group.parallel(
        (
            lambda: run("send-email", send_confirmation, f"{key}:send-email", charge),
            lambda: run("credit-account", steps.credit_account, f"{key}:credit-account", charge),
            lambda: run("issue-receipt", steps.issue_receipt, f"{key}:issue-receipt", charge),
            lambda: run("book-in-ledger", steps.book_in_ledger, charge),
        )
    )
    settled = steps.Settled(
        receipt=receipt, balance=balance, ledger_entry=ledger_entry, message_id=message_id
    )
    return run("settle", steps.settle, f"{key}:issue-receipt", settled)
