"""Who knows the secret is let in: what the services' own pages show, and each way to get it wrong."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook  # their own implementation, as a judge

from durable.webhooks import Delivery
from durable.webhooks.signature import Verify, github, slack, standard, stripe

Sign = Callable[..., Mapping[str, str]]

NOW = 1_800_000_000
BODY = b'{"type":"a"}'
SECRET, OTHER = "a secret of this test", "another one"
STANDARD_SECRET = "whsec_" + b64encode(b"k" * 24).decode()


def delivery(headers: Mapping[str, str], body: bytes = BODY) -> Delivery:
    return Delivery(source="test", headers=headers, body=body)


def mac(signed: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), signed, "sha256").hexdigest()


def as_github(body: bytes = BODY, secret: str = SECRET, moment: int = NOW) -> Mapping[str, str]:
    return {"x-hub-signature-256": "sha256=" + mac(body, secret)}


def as_stripe(body: bytes = BODY, secret: str = SECRET, moment: int = NOW) -> Mapping[str, str]:
    return {"stripe-signature": f"t={moment},v1={mac(f'{moment}.'.encode() + body, secret)},v0=00"}


def as_slack(body: bytes = BODY, secret: str = SECRET, moment: int = NOW) -> Mapping[str, str]:
    return {
        "x-slack-request-timestamp": str(moment),
        "x-slack-signature": "v0=" + mac(f"v0:{moment}:".encode() + body, secret),
    }


def as_standard(
    body: bytes = BODY, secret: str = STANDARD_SECRET, moment: int = NOW
) -> Mapping[str, str]:
    secret = secret if secret.startswith("whsec_") else b64encode(secret.encode()).decode()
    at = datetime.fromtimestamp(moment, UTC)
    signed = Webhook(secret).sign("msg_1", at, body.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": signed,
    }


SIGNERS = [
    (github, as_github, SECRET),
    (stripe, as_stripe, SECRET),
    (slack, as_slack, SECRET),
    (standard, as_standard, STANDARD_SECRET),
]
TIMED = SIGNERS[1:]
each = pytest.mark.parametrize(("verify", "sign", "secret"), SIGNERS)
each_timed = pytest.mark.parametrize(("verify", "sign", "secret"), TIMED)


def test_githubs_own_example_is_taken() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    shown = delivery({"x-hub-signature-256": signature}, b"Hello, World!")
    assert github(shown, ["It's a Secret to Everybody"], NOW)


def test_slacks_own_example_is_taken() -> None:
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        "&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        "%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    shown = delivery(headers, body.encode())
    assert slack(shown, ["8f742231b10e8888abcd99yyyzzz85a5"], 1531420618)


@each
def test_what_is_signed_with_the_secret_is_taken(verify: Verify, sign: Sign, secret: str) -> None:
    assert verify(delivery(sign()), [secret], NOW)


@each
def test_any_of_several_secrets_will_do(verify: Verify, sign: Sign, secret: str) -> None:
    new = b64encode(b"n" * 24).decode()
    assert verify(delivery(sign()), [new, secret], NOW)
    assert verify(delivery(sign()), [secret, new], NOW)


@each
def test_another_secret_is_refused(verify: Verify, sign: Sign, secret: str) -> None:
    assert not verify(delivery(sign(secret=OTHER)), [secret], NOW)


@each
def test_another_body_is_refused(verify: Verify, sign: Sign, secret: str) -> None:
    assert not verify(delivery(sign(), BODY + b" "), [secret], NOW)


@each
def test_no_secret_lets_nobody_in(verify: Verify, sign: Sign, secret: str) -> None:
    assert not verify(delivery(sign()), [], NOW)


@each
def test_no_signature_is_refused(verify: Verify, sign: Sign, secret: str) -> None:
    assert not verify(delivery({}), [secret], NOW)


@each
@pytest.mark.parametrize(
    "junk", ["", "v1,", "v0=", "sha256=", "t=,v1=", "é", ",=,=", "\ud800", "v1"]
)
def test_junk_for_a_signature_is_refused(
    verify: Verify, sign: Sign, secret: str, junk: str
) -> None:
    headers = dict.fromkeys(sign(), junk)
    assert not verify(delivery(headers), [secret], NOW)


@each_timed
@pytest.mark.parametrize("seconds", [-300, 300])
def test_it_holds_for_five_minutes_around_its_time(
    verify: Verify, sign: Sign, secret: str, seconds: int
) -> None:
    assert verify(delivery(sign()), [secret], NOW + seconds)


@each_timed
@pytest.mark.parametrize("seconds", [-301, 301])
def test_outside_of_them_it_is_refused(
    verify: Verify, sign: Sign, secret: str, seconds: int
) -> None:
    assert not verify(delivery(sign()), [secret], NOW + seconds)


@pytest.mark.parametrize("moment", ["", "now", "1e9", "-1", "9" * 5000, "١٨٠٠٠٠٠٠٠٠"])
def test_a_time_that_is_no_number_of_seconds_is_refused(moment: str) -> None:
    headers = {"stripe-signature": f"t={moment},v1={mac(f'{moment}.'.encode() + BODY)}"}
    assert not stripe(delivery(headers), [SECRET], NOW)


def test_one_of_stripes_several_signatures_will_do() -> None:
    good = as_stripe()["stripe-signature"].partition("v1=")[2]
    headers = {"stripe-signature": f"t={NOW},v1={'0' * 64},v1={good}"}
    assert stripe(delivery(headers), [SECRET], NOW)


def test_one_of_several_standard_signatures_will_do() -> None:
    signed = dict(as_standard())
    signed["webhook-signature"] = "v1a,xyz v1,AAAA " + signed["webhook-signature"]
    assert standard(delivery(signed), [STANDARD_SECRET], NOW)


def test_signatures_without_end_are_not_looked_at() -> None:
    signed = dict(as_standard())
    signed["webhook-signature"] = "v1,AAAA " * 100 + signed["webhook-signature"]
    assert not standard(delivery(signed), [STANDARD_SECRET], NOW)


def test_a_standard_id_is_signed_too() -> None:
    signed = {**as_standard(), "webhook-id": "msg_2"}
    assert not standard(delivery(signed), [STANDARD_SECRET], NOW)


def test_what_the_judge_signs_it_also_takes() -> None:
    now = int(datetime.now(UTC).timestamp())
    Webhook(STANDARD_SECRET).verify(BODY, dict(as_standard(moment=now)))
