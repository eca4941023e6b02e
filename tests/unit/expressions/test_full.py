"""The whole of CEL, where the site asks for it and has the package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from durable.errors import ExpressionFailedError, ExpressionInvalidError, SettingInvalidError
from durable.expressions.condition import Condition, holds
from durable.expressions.expression import TRIGGER, FullExpression, parse
from durable.expressions.full import _program
from tests.unit.expressions.test_condition import condition, event, meets

EVENT = event(total=150, items=[{"sku": "a", "n": 2}, {"sku": "b", "n": 1}], rate=1.0)
ALL_SKUS = "event.data.items.all(item, has(item.sku))"


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    with override_settings(DURABLE={"EXPRESSIONS": "cel"}):
        yield


@pytest.fixture
def package() -> None:
    pytest.importorskip("cel", reason="common-expression-language is not installed")


def say(text: str) -> bool:
    return parse(text, roots=TRIGGER).holds({"event": EVENT})


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ALL_SKUS, True),
        ("event.data.items.exists(item, item.n > 2)", False),
        ("event.data.items.map(item, item.n) == [2, 1]", True),
        ("event.name.matches('^shop/')", True),
        ("event.data.total * 2 > 299 == true", True),
        ("event.data.items.exists(item, item.gone == 1)", False),
        ("event.data.gone.all(x, x > 1)", False),
        ("[event.data.gone].all(x, x != 1)", False),
        ("[1].all(x, event.data.items[7].n == x)", False),
        ("[1].all(x, x < event.name)", False),
        ("event.data.items.map(item, item.n)", False),
    ],
)
def test_all_of_cel_is_understood(text: str, found: bool) -> None:
    assert isinstance(parse(text, roots=TRIGGER), FullExpression)
    assert say(text) is found


@pytest.mark.parametrize(
    "text", ["event.data.total == 150.0", "event.data.gone != 1", "7 / 2 == 3"]
)
def test_what_our_part_knows_means_the_same(text: str) -> None:
    full = say(text)
    with override_settings(DURABLE={}):
        assert say(text) is full


@pytest.mark.usefixtures("package")
def test_what_neither_knows_is_refused() -> None:
    with pytest.raises(ExpressionInvalidError, match=r"^if_exp is not sound CEL"):
        parse("event.data.items.all(", what="if_exp")


@pytest.mark.usefixtures("package")
def test_a_name_that_is_not_known_is_refused() -> None:
    with pytest.raises(ExpressionInvalidError, match="evnt is not known, only event"):
        parse("evnt.data.items.all(item, true)", roots=TRIGGER)


@pytest.mark.parametrize("text", ["[" * 200 + "]" * 200, "event.x()" + "+1" * 301])
def test_what_could_exhaust_the_stack_is_refused(text: str) -> None:
    with pytest.raises(ExpressionInvalidError, match="nested deeper than 16, or has more than 300"):
        parse(text)


def test_what_no_database_can_hold_is_refused() -> None:
    with pytest.raises(ExpressionInvalidError, match="holds a NUL character"):
        parse("event.data.items.all(item, item.sku != '\0')")


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ExpressionInvalidError, match="at most 2,000 characters"):
        parse("event.data.items.all(item, true) && " * 100)


@pytest.mark.usefixtures("package")
def test_a_function_that_does_not_exist_is_an_error_when_it_is_called() -> None:
    with pytest.raises(ExpressionFailedError, match="frobnicate"):
        say("event.data.total.frobnicate()")


@pytest.mark.usefixtures("package")
def test_a_condition_keeps_its_event() -> None:
    made = condition("async.data.n in event.data.items.map(item, item.n)", event=EVENT)
    assert made.key == ""
    assert meets(made, event(n=1))
    assert not meets(made, event(n=3))
    assert not meets(made, event())


@pytest.mark.usefixtures("package")
def test_a_condition_still_has_the_key_of_match() -> None:
    made = condition(
        "event.data.items.exists(i, i.n == async.data.n)", match="data.total", event=EVENT
    )
    assert made.path == "data.total"
    assert meets(made, event(total=150.0, n=2))
    assert not meets(made, event(total=150, n=3))
    assert not meets(made, event(total=151, n=2))


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("nasty", ['"', "'", "\\", '"] || true || ["', "\n\r\t\b", "\x7f", "é😀"])
def test_no_value_of_the_event_can_break_out_of_its_quotes(nasty: str) -> None:
    made = condition("[event.data.s].all(s, s == async.data.s)", event=event(s=nasty))
    assert meets(made, event(s=nasty))
    assert not meets(made, event(s=nasty + "!"))


@pytest.mark.usefixtures("package")
def test_a_value_that_cel_cannot_hold_is_refused() -> None:
    with pytest.raises(
        ExpressionInvalidError, match="values of the starting event is not sound CEL"
    ):
        condition("[async.data.n].all(n, n > 1)", event=event(n=10**30))


@pytest.mark.usefixtures("package")
def test_a_stored_condition_is_read_whatever_the_setting() -> None:
    made = Condition.of("a", if_exp="[async.data.n].all(n, n > 1)", event=EVENT)
    with override_settings(DURABLE={}):
        assert holds(made.rest, event(n=2))


def test_without_the_setting_it_is_refused() -> None:
    with override_settings(DURABLE={}), pytest.raises(ExpressionInvalidError):
        parse(ALL_SKUS)


def test_without_the_package_the_error_says_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)
    _program.cache_clear()
    with pytest.raises(SettingInvalidError, match=r"Install django-durable-workflows\[cel\]"):
        parse("event.data.items.all(nobody, true)", what="without the package")


def test_without_the_package_our_part_works(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)
    assert say("event.data.total > 100")
