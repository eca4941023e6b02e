"""Each line of the page on expressions is true."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import override_settings

import durable
from durable.errors import ExpressionInvalidError
from durable.expressions.expression import BOUND, WRITTEN, parse
from durable.expressions.values import MOST_STEPS
from durable.models import Run
from tests.docs.conftest import Play, Read
from tests.docs.pages import code, page

PAGE = page("docs/reference/expressions.md")
(SAMPLE,) = PAGE.blocks("json")


def lines() -> Iterator[tuple[str, str]]:
    for row in PAGE.rows():
        if len(row) == 2 and row[1].startswith("`"):
            yield code(row[0]).replace(r"\|", "|"), code(row[1])


@pytest.mark.parametrize(("text", "value"), list(lines()))
def test_an_expression_has_the_value_that_is_shown(text: str, value: str) -> None:
    found = parse(text).value({"event": json.loads(SAMPLE)})
    assert json.dumps(found) == json.dumps(json.loads(value))


def test_the_page_shows_expressions() -> None:
    assert len(list(lines())) > 30


def test_the_function_runs_for_the_events_it_wants(read: Read, play: Play) -> None:
    read(PAGE)
    assert (
        play("shop/order.paid", "thank-big-spenders", amount=150, country="SE") == "thanks for 150"
    )
    durable.send(durable.Event(name="shop/order.paid", data={"amount": 150, "country": "DE"}))
    assert Run.objects.count() == 1


def test_the_mistake_is_shown_as_on_the_page(read: Read) -> None:
    (shown,) = PAGE.blocks("text")
    trigger = durable.TriggerEvent(event="shop/order.paid", expression="event.data.amount >")
    with pytest.raises(ExpressionInvalidError) as raised:
        durable.create_function(fn_id="thank-big-spenders", trigger=trigger)(lambda ctx: None)
    assert str(raised.value) == shown.rstrip("\n")


def test_limits() -> None:
    shown = {row[0]: row[1] for row in PAGE.rows("Limits")}
    assert shown["characters of an expression"] == f"{WRITTEN.length:,}"
    assert shown["parts within one another"] == f"{WRITTEN.depth:,}"
    assert shown["parts"] == f"{WRITTEN.nodes:,}"
    assert shown["characters, with the values of `event` put in"] == f"{BOUND.length:,}"
    assert shown["steps of one evaluation"] == f"{MOST_STEPS:,}"


def test_the_expression_for_all_of_cel_is_sound(read: Read) -> None:
    pytest.importorskip("cel", reason="common-expression-language is not installed")
    shown = read(PAGE)
    with override_settings(DURABLE=shown["DURABLE"]):
        assert not parse(shown["ALL_IN_STOCK"]).holds({"event": json.loads(SAMPLE)})
