"""What expressions say of an event."""

from __future__ import annotations

from typing import Any

import pytest

from durable.expressions.expression import parse

EVENT: dict[str, Any] = {
    "name": "shop/order.paid",
    "id": "evt-1",
    "ts": 1_700_000_000_000,
    "data": {
        "amount": 150,
        "rate": 1.0,
        "vip": True,
        "note": None,
        "name": "Ada",
        "a b": {"c": [10, {"d": "deep"}]},
        "tags": ["new", "paid"],
        "size": 7,
        "in": 1,
    },
}


def value(text: str) -> Any:
    return parse(text).value({"event": EVENT})


def holds(text: str) -> bool:
    return parse(text).holds({"event": EVENT})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("event.name", "shop/order.paid"),
        ("event.data.amount", 150),
        ('event.data["amount"]', 150),
        ("event['data']['a b'].c[0]", 10),
        ('event.data["a b"].c[1].d', "deep"),
        ("event.data.size", 7),
        ("event.data.in", 1),
        ("event . data\n\t. amount", 150),
    ],
)
def test_a_path_leads_to_a_value(text: str, found: Any) -> None:
    assert value(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "event.data.nobody",
        "event.data.nobody.knows",
        "event.data.tags[2]",
        "event.data.tags.new",
        "event.data.name[0]",
        "event.data.amount.cents",
        "event.data.note.text",
        "async.data.amount",
    ],
)
def test_a_path_may_lead_nowhere(text: str) -> None:
    assert value(text) is None
    assert not holds(f"has({text})")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12", 12),
        ("-12", -12),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("[]", []),
        ("[1, 'a', [true]]", [1, "a", [True]]),
        ("{}", {}),
        ("{'a': 1, \"b\": [2]}", {"a": 1, "b": [2]}),
        (r"'it\'s'", "it's"),
        (r'"\"\\\n\t"', '"\\\n\t'),
        (r"'\x41\u00e9\U0001F600'", "Aé😀"),
        ("'é\"'", 'é"'),
    ],
)
def test_a_literal_is_its_value(text: str, found: Any) -> None:
    assert value(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "150 == 150.0",
        "event.data.rate == 1",
        "event.data.amount != 151",
        "true != 1",
        "'1' != 1",
        "null == null",
        "event.data.note == null",
        "[1, 2] == [1.0, 2]",
        "{'a': [1]} == {'a': [1.0]}",
        "[1] != [1, 2]",
        "{'a': 1} != {'b': 1}",
        "[1] != {'a': 1}",
        "event.data.amount > 149.5",
        "event.data.amount >= 150",
        "event.data.amount < 151",
        "event.data.amount <= 150",
        "'b' > 'a'",
        "9007199254740993 != 9007199254740992.0",
    ],
)
def test_a_comparison_is_true(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "true == 1",
        "0 == false",
        "[true] == [1]",
        "'2' > 1",
        "true > false",
        "null < 1",
        "[2] > [1]",
        "event.data.nobody == 1",
        "event.data.nobody != 1",
        "event.data.nobody < 1",
        "event.data.nobody == null",
        "event.data.nobody == event.data.nobody",
        "event.data.nobody in [1]",
        "1 in event.data.nobody",
        "[event.data.nobody] == [1]",
        "{'a': event.data.nobody} != {}",
    ],
)
def test_a_comparison_is_false(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("true && true", True),
        ("true && false", False),
        ("false || true", True),
        ("false || false", False),
        ("!false", True),
        ("!!true", True),
        ("true || true && false", True),
        ("(true || true) && false", False),
        ("!true || true", True),
        ("!(event.data.nobody == 1)", True),
        ("event.data.nobody || true", True),
        ("1 && true", False),
        ("!1", True),
    ],
)
def test_only_true_counts_as_true(text: str, found: bool) -> None:
    assert value(text) is found


@pytest.mark.parametrize("text", ["1", "'yes'", "[true]", "null", "event.data.nobody"])
def test_a_condition_that_is_not_true_does_not_hold(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("'paid' in event.data.tags", True),
        ("1 in [1.0]", True),
        ("true in [1]", False),
        ("'name' in event.data", True),
        ("1 in event.data", False),
        ("'A' in event.data.name", False),
        ("!(3 in [1, 2])", True),
    ],
)
def test_in_looks_for_an_item_or_a_key(text: str, found: bool) -> None:
    assert value(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("event.data.name.startsWith('A')", True),
        ("event.data.name.endsWith('da')", True),
        ("event.data.name.contains('d')", True),
        ("event.data.name.contains('x')", False),
        ("event.data['name'].startsWith('A')", True),
        ("('A' + 'da').endsWith('da')", True),
        ("'Ada'.startsWith(event.data.name)", True),
        ("event.data.amount.startsWith('1')", False),
        ("event.data.nobody.contains('')", False),
        ("event.data.name.contains(1)", False),
        ("event.data.tags.contains('new')", False),
    ],
)
def test_texts_are_looked_into(text: str, found: bool) -> None:
    assert value(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("size(event.data.tags)", 2),
        ("event.data.tags.size()", 2),
        ("size('é')", 1),
        ("{'a': 1}.size()", 1),
        ("size(event.data.amount)", None),
        ("size(event.data.nobody)", None),
    ],
)
def test_size_counts(text: str, found: Any) -> None:
    assert value(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("has(event.data.note)", True),
        ("has(event.data.note.text)", False),
        ("has(event.data.tags[1])", True),
        ("!has(event.data.nobody)", True),
    ],
)
def test_has_asks_whether_something_is_there(text: str, found: bool) -> None:
    assert value(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("event.data.vip ? 'fast' : 'slow'", "fast"),
        ("event.data.nobody ? 1 : 2", 2),
        ("false ? 1 : false ? 2 : 3", 3),
        ("(true ? 1 : 2) == 1", True),
    ],
)
def test_a_choice_takes_one_of_two(text: str, found: Any) -> None:
    assert value(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("-event.data.amount", -150),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7.0 / 2", 3.5),
        ("-7 % 3", -1),
        ("event.data.name + '-' + event.id", "Ada-evt-1"),
        ("[1] + [2]", [1, 2]),
        ("1 / 0", None),
        ("1.0 / 0", None),
        ("1 % 0", None),
        ("5.5 % 2", None),
        ("1 + 'a'", None),
        ("true + 1", None),
        ("event.data.nobody + 1", None),
        ("9223372036854775807 + 1", None),
        ("1e308 * 10", None),
    ],
)
def test_sums_are_computed_or_missing(text: str, found: Any) -> None:
    assert value(text) == found
