"""Scenario 6: whatever the bank sends, in whatever order and how often, counts once and wakes who waits."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

import durable
from durable.models import Event, Run
from durable.testing import Workflows
from tests.acceptance.clusters import Cluster, eventually
from tests.scenarios import s06_webhooks
from tests.scenarios.s06_webhooks import SECRETS, await_payment, receive


def deliver(body: bytes, secret: bytes = SECRETS[0], signature: str | None = None) -> int:
    """Deliver a webhook; return the status of the answer."""
    signed = hmac.new(secret, body, hashlib.sha256).hexdigest() if signature is None else signature
    request = RequestFactory().post(
        "/bank", body, content_type="application/json", headers={"Bank-Signature": signed}
    )
    return receive(request).status_code


def change(version: int, account: int = 7) -> bytes:
    """Return the body that tells of a change of an account."""
    known = {"id": f"{account}-{version}", "type": "account.changed", "account": account}
    return json.dumps({**known, "version": version, "balance": version * 10}).encode()


def payment(bill: int) -> bytes:
    known = {"id": f"payment-{bill}", "type": "payment.made", "bill": bill, "amount": 5}
    return json.dumps(known).encode()


def balance(account: int = 7) -> str:
    return User.objects.get(username=f"account-{account}").first_name


def test_webhook_is_applied(workflows: Workflows) -> None:
    assert deliver(change(1)) == 202
    workflows.settle()
    assert balance() == "10"


def test_answer_does_not_wait_for_the_work(workflows: Workflows) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert deliver(change(1)) == 202
    assert len(queries) < 12
    assert not User.objects.exists()
    assert Run.objects.get().status == "queued"


def test_webhook_that_is_delivered_again_and_again_counts_once(workflows: Workflows) -> None:
    for _ in range(3):
        assert deliver(change(1)) == 202
        workflows.settle()
    assert Run.objects.count() == 1


def test_change_that_overtook_an_older_one_stays(workflows: Workflows) -> None:
    for version in (2, 3, 1):
        deliver(change(version))
        workflows.settle()
    assert balance() == "30"
    results = [workflows.get(run.pk).result for run in Run.objects.order_by("pk")]
    assert results == ["applied", "applied", "too late"]


def test_changes_of_one_account_do_not_touch_another(workflows: Workflows) -> None:
    deliver(change(5, account=1))
    deliver(change(2, account=2))
    workflows.settle()
    assert (balance(1), balance(2)) == ("50", "20")


def test_change_whose_worker_died_is_applied_once(workflows: Workflows) -> None:
    workflows.kill_after("apply", point="before_record")
    deliver(change(1))
    workflows.settle()
    assert not User.objects.exists()
    workflows.settle(through="1m")
    assert balance() == "10"
    assert Run.objects.get().status == "completed"


def test_payment_wakes_who_waits_for_it(workflows: Workflows) -> None:
    run = workflows.run(await_payment, {"bill": 1})
    other = workflows.run(await_payment, {"bill": 2})
    deliver(payment(1))
    workflows.settle()
    assert workflows.get(run).result == "paid 5"
    workflows.assert_waiting(other, "paid")


def test_payment_that_comes_before_it_is_waited_for_is_not_missed(workflows: Workflows) -> None:
    workflows.stub_step("ask-bank", call=lambda bill: deliver(payment(bill)))
    run = workflows.run(await_payment, {"bill": 1})
    assert run.result == "paid 5"


def test_payment_that_never_comes_is_not_waited_for_for_ever(workflows: Workflows) -> None:
    run = workflows.run(await_payment, {"bill": 1}, through="2h")
    assert run.result == "unpaid"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"type": "account.changed"}',
        b'{"id": "1", "type": "account.changed", "balance": NaN}',
        b'{"id": "1", "type": "account.changed", "note": "a\\u0000b"}',
        b'{"id": "1", "type": "account.changed", "note": "\\ud800"}',
        b'{"id": "\\u0000", "type": "account.changed"}',
        b'{"id": "1", "type": "\\u0000"}',
        b'{"id": 17, "type": "account.changed"}',
        b'{"id": "1", "type": "' + b"long" * 100 + b'"}',
        b"[" * 100_000,
        b'{"id": "1", "type": "x", "deep": ' + b"[" * 500 + b"]" * 500 + b"}",
    ],
)
def test_poison_is_taken_once_kept_and_told_of(workflows: Workflows, body: bytes) -> None:
    assert [deliver(body), deliver(body)] == [202, 202]
    workflows.settle()
    workflows.assert_run_started("look-at-poison", times=1)
    assert Run.objects.get().status == "completed"


def test_change_that_cannot_be_applied_does_not_hold_up_the_next(workflows: Workflows) -> None:
    deliver(change(1).replace(b'"version": 1', b'"version": "one"'))
    deliver(change(2))
    workflows.settle()
    assert balance() == "20"
    assert sorted(Run.objects.values_list("status", flat=True)) == ["completed", "failed"]


def test_signature_is_of_the_bytes_and_not_of_what_they_mean(workflows: Workflows) -> None:
    body = b'{ "version":1,\n"id":"7-1", "type":"account.changed","balance":1e1,"account":7, "x":"\\u00e9"}'
    assert deliver(body) == 202
    signature = hmac.new(SECRETS[0], body, hashlib.sha256).hexdigest()
    assert deliver(json.dumps(json.loads(body)).encode(), signature=signature) == 401


@pytest.mark.parametrize("signature", ["", "0" * 64, "é"])
def test_webhook_that_is_not_signed_is_refused_and_not_stored(
    workflows: Workflows, signature: str
) -> None:
    assert deliver(change(1), signature=signature) == 401
    assert not Event.objects.exists()


def test_both_secrets_are_good_while_they_rotate(
    workflows: Workflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = SECRETS
    assert (deliver(change(1), secret=new), deliver(change(2), secret=old)) == (202, 202)
    monkeypatch.setattr(s06_webhooks, "SECRETS", [new])
    assert (deliver(change(3), secret=new), deliver(change(4), secret=old)) == (202, 401)


@pytest.mark.postgres
def test_storm_of_webhooks_is_answered_at_once_and_wakes_all_who_wait(cluster: Cluster) -> None:
    slowest = 0.0
    for bill in range(30):
        durable.send(durable.Event(name="shop/bill.sent", data={"bill": bill}))
        begun = time.monotonic()
        assert deliver(payment(bill)) == 202  # some before and some after the run waits
        slowest = max(slowest, time.monotonic() - begun)
    paid = Run.objects.filter(status="completed", function="await-payment")
    eventually(lambda: paid.count() == 30, cluster.explain)
    assert {run.result for run in paid} == {"paid 5"}
    assert slowest < 1.0


@pytest.mark.postgres
def test_last_change_stays_though_workers_race_and_die(cluster: Cluster) -> None:
    for version in sorted(range(1, 41), key=lambda version: version * 17 % 41):
        deliver(change(version))
        deliver(change(version))
    cluster.kill(cluster.find("worker")[:1])
    ended = Run.objects.filter(status="completed", function="keep-account")
    eventually(lambda: ended.count() == 40, cluster.explain)
    assert balance() == "400"
    assert Run.objects.count() == 40
