"""Webhooks of a bank: check the signature, store, say thanks; the rest is done by runs.

An account is a user: `first_name` is its balance, `last_name` the number of the last change.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

import durable

SECRETS = [b"of-next-year", b"of-this-year"]  # while they rotate, both are good
KEPT = 10_000  # bytes of a body that cannot be understood


def receive(request: HttpRequest) -> HttpResponse:
    """Store a webhook and answer at once. What cannot be understood is kept for people to look at.

    The bank would send it again for ever if it were refused, and it would be no better then.
    """
    if not is_signed(request.body, request.headers.get("Bank-Signature", "")):
        return HttpResponse(status=401)
    try:
        durable.send(event_of(json.loads(request.body)))
    except (ValueError, TypeError, KeyError, RecursionError, durable.DurableError) as error:
        durable.send(poison(request.body, error))
    return HttpResponse(status=202)


def is_signed(body: bytes, signature: str) -> bool:
    """Whether one of our secrets made the signature of these very bytes."""
    known = [hmac.new(secret, body, hashlib.sha256).hexdigest() for secret in SECRETS]
    return any(hmac.compare_digest(one.encode(), signature.encode()) for one in known)


def event_of(payload: dict[str, Any]) -> durable.Event:
    """Return the event, which is stored once however often the bank delivers it."""
    return durable.Event(name=f"bank/{payload['type']}", id=payload["id"], data=payload)


def poison(body: bytes, error: Exception) -> durable.Event:
    name = hashlib.sha256(body).hexdigest()
    data = {"body": base64.b64encode(body[:KEPT]).decode(), "why": type(error).__name__}
    return durable.Event(name="bank-poison/received", id=name, data=data)


@durable.create_function(
    fn_id="look-at-poison", trigger=durable.TriggerEvent(event="bank-poison/*")
)
def look_at_poison(ctx: durable.ContextSync) -> str:
    return ctx.step.run("tell-a-person", str, ctx.event.data["why"])


@durable.create_function(
    fn_id="keep-account", trigger=durable.TriggerEvent(event="bank/account.changed")
)
def keep_account(ctx: durable.ContextSync) -> str:
    return ctx.step.run("apply", apply, ctx.event.data, atomic=True)


def apply(change: Mapping[str, Any]) -> str:
    """Write a change down, unless a later one of the account is there already."""
    if not isinstance(change.get("version"), int):
        raise durable.NonRetriableError(f"a change without a version: {change['id']}")
    name = f"account-{change['account']}"
    User.objects.bulk_create([User(username=name, last_name="0")], ignore_conflicts=True)
    account = User.objects.select_for_update().get(username=name)
    if int(account.last_name) >= change["version"]:
        return "too late"
    account.first_name, account.last_name = str(change["balance"]), str(change["version"])
    account.save()
    return "applied"


@durable.create_function(
    fn_id="await-payment", trigger=durable.TriggerEvent(event="shop/bill.sent")
)
def await_payment(ctx: durable.ContextSync) -> str:
    ctx.step.run("ask-bank", ask_bank, ctx.event.data["bill"])
    paid = ctx.step.wait_for_event(
        "paid", event="bank/payment.made", match="data.bill", timeout="1h", lookback="10m"
    )
    return "unpaid" if paid is None else f"paid {paid.data['amount']}"


def ask_bank(bill: int) -> str:
    return f"asked for bill {bill}"
