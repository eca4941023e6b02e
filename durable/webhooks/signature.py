"""Whether a delivery comes from who knows the secret: a function for each way to sign.

Each is given the secrets that are valid today, several while one replaces another, and the time in
seconds since 1970. A signature that names its time holds for five minutes around that.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence

from durable.webhooks.delivery import Delivery

Verify = Callable[[Delivery, Sequence[str], float], bool]

WINDOW = 300  # seconds
_MOST_GIVEN = 16  # signatures of one delivery that are looked at


def github(delivery: Delivery, secrets: Sequence[str], now: float) -> bool:
    """Check `X-Hub-Signature-256`. It has no time: only the delivery's id tells a repetition."""
    expected = [f"sha256={_hex(secret.encode(), delivery.body)}" for secret in secrets]
    return _is_among([delivery.header("x-hub-signature-256")], expected)


def stripe(delivery: Delivery, secrets: Sequence[str], now: float) -> bool:
    """Check `Stripe-Signature`: `t=…,v1=…`, several `v1` while Stripe rotates."""
    parts = [part.strip().partition("=") for part in delivery.header("stripe-signature").split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    signed = _bytes(moment) + b"." + delivery.body
    given = [value for name, _, value in parts if name == "v1"]
    expected = [_hex(secret.encode(), signed) for secret in secrets]
    return _is_among(given, expected) and _is_fresh(moment, now)


def slack(delivery: Delivery, secrets: Sequence[str], now: float) -> bool:
    """Check `X-Slack-Signature` over `v0:time:body`."""
    moment = delivery.header("x-slack-request-timestamp")
    signed = b"v0:" + _bytes(moment) + b":" + delivery.body
    expected = [f"v0={_hex(secret.encode(), signed)}" for secret in secrets]
    return _is_among([delivery.header("x-slack-signature")], expected) and _is_fresh(moment, now)


def standard(delivery: Delivery, secrets: Sequence[str], now: float) -> bool:
    """Check `webhook-signature` of Standard Webhooks: `v1,…` once or several times."""
    moment = delivery.header("webhook-timestamp")
    head = f"{delivery.header('webhook-id')}.{moment}."
    signed = _bytes(head) + delivery.body
    expected = [f"v1,{_base64(standard_key(secret), signed)}" for secret in secrets]
    given = delivery.header("webhook-signature").split()
    return _is_among(given, expected) and _is_fresh(moment, now)


def standard_key(secret: str) -> bytes:
    """Return the key that a secret of Standard Webhooks spells, with `whsec_` or without.

    Raises:
        ValueError: it is not base64.
    """
    return b64decode(secret.removeprefix("whsec_"), validate=True)


def _hex(key: bytes, signed: bytes) -> str:
    return hmac.new(key, signed, "sha256").hexdigest()


def _base64(key: bytes, signed: bytes) -> str:
    return b64encode(hmac.digest(key, signed, "sha256")).decode()


def _is_among(given: Iterable[str], expected: Sequence[str]) -> bool:
    """Compare each with each, and in a time that does not tell how far any two of them agree."""
    found = False
    for one in list(given)[:_MOST_GIVEN]:
        for other in expected:
            found |= hmac.compare_digest(_bytes(one), _bytes(other))
    return found


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _is_fresh(moment: str, now: float) -> bool:
    is_number = moment.isascii() and moment.isdigit() and len(moment) < 16
    return is_number and abs(now - int(moment)) <= WINDOW
