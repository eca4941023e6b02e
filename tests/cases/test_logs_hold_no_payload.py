"""What is logged names runs, functions, steps and tries, and never what they hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import override_settings

import durable
from durable.engine.deliver import deliver
from tests.harness import Player, give

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry", "clock")]

SECRET = "canary-4111-1111"


def charge(card: str) -> None:
    raise ValueError(f"card {card} was refused")


def handler(ctx: durable.ContextSync) -> Any:
    ctx.step.run("remember", give, "mark", SECRET)
    ctx.step.run("charge", charge, ctx.event.data["card"])


@override_settings(DEBUG=False)
def test_no_line_holds_data_results_or_messages_of_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="durable")
    run = Player().play(handler, {"card": SECRET}, retries=1)
    assert caplog.records
    assert SECRET not in caplog.text
    assert not any(SECRET in repr(vars(record)) for record in caplog.records)
    failed = [record for record in caplog.records if getattr(record, "step", "") == "charge"]
    assert [(vars(one)["run_id"], vars(one)["function"]) for one in failed] == [
        (str(run.pk), "case")
    ] * 2
    assert [vars(one)["attempt"] for one in failed] == [0, 1]


TOO_LONG = [SECRET] * 2_000  # a condition that has it in it is longer than may be
NO_NUMBER = "int(async.data.n) > 3 && event.data.secret != ''"
NO_PATTERN = "async.data.n.matches(event.data.secret)"


@pytest.mark.parametrize(
    ("language", "condition", "secret"),
    [
        ("subset", "async.data.n > event.data.secret", TOO_LONG),
        ("cel", "async.data.n > event.data.secret && async.data.all(n, true)", TOO_LONG),
        ("cel", NO_NUMBER, SECRET),
        ("cel", NO_PATTERN, f"({SECRET}"),
    ],
)
@pytest.mark.parametrize("is_cancel", [True, False], ids=["cancel", "wait"])
def test_no_line_holds_the_values_of_a_condition_that_cannot_be_computed(
    caplog: pytest.LogCaptureFixture, language: str, condition: str, secret: str, is_cancel: bool
) -> None:
    if language == "cel":
        pytest.importorskip("cel", reason="common-expression-language is not installed")

    def wait(ctx: durable.ContextSync) -> Any:
        if_exp = "false" if is_cancel else condition
        return ctx.step.wait_for_event("wait", event="shop/leak", if_exp=if_exp, timeout="1h")

    caplog.set_level(logging.DEBUG, logger="durable")
    player = Player()
    with override_settings(DEBUG=False, DURABLE={"EXPRESSIONS": language}):
        cancel = durable.Cancel(event="shop/leak", if_exp=condition)
        player.define(wait, cancel=[cancel] if is_cancel else [])
        run = player.send({"secret": secret})
        player.work()
        durable.send(durable.Event(name="shop/leak", data={"n": "xx"}))
        deliver(player.store)
        player.settle(run)
    assert "ExpressionFailedError" in caplog.text or "ExpressionInvalidError" in caplog.text
    assert SECRET not in caplog.text
    assert not any(SECRET in repr(vars(record)) for record in caplog.records)
