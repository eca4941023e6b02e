from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from durable.conf import complaints
from durable.errors import EventInvalidError
from durable.operations.redact import is_hidden, redacted
from durable.operations.restore import restored, whole
from durable.secret import HIDDEN


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Password",
        "user_password2",
        "api_key",
        "apiKey",
        "API-KEY",
        "x-secret-y",
        "iban",
    ],
)
def test_values_under_the_keys_of_secrets_are_hidden(key: str) -> None:
    assert redacted({key: {"deep": 1}}) == {key: HIDDEN}


@pytest.mark.parametrize("key", ["order", "pass", "ibantest", "tok", "key"])
def test_values_under_other_keys_are_shown(key: str) -> None:
    assert redacted({key: 1}) == {key: 1}


def test_secrets_are_hidden_at_any_depth() -> None:
    value = {"a": [{"token": 1, "b": [[{"cookie": 2}]]}], "c": "token"}
    shown = {"a": [{"token": HIDDEN, "b": [[{"cookie": HIDDEN}]]}], "c": "token"}
    assert redacted(value) == shown


def card(name: str, token: str = HIDDEN, **more: Any) -> dict[str, Any]:
    return {"name": name, "token": token, **more}


@pytest.mark.parametrize(
    ("edited", "put_back"),
    [
        ({"token": HIDDEN, "n": 2}, {"token": "t", "n": 2}),
        ({"token": "new"}, {"token": "new"}),
        ({"lines": [{"token": HIDDEN, "n": 5}]}, {"lines": [{"token": "u", "n": 5}]}),
        ({"lines": [{"token": "new"}, {"n": 1}]}, {"lines": [{"token": "new"}, {"n": 1}]}),
        ({"other": HIDDEN}, {"other": HIDDEN}),
        ({"tokens": HIDDEN}, {"tokens": ["x", "y"]}),
    ],
)
def test_what_was_hidden_is_put_back_where_it_was_left(edited: Any, put_back: Any) -> None:
    original = {"token": "t", "n": 1, "lines": [{"token": "u"}], "tokens": ["x", "y"]}
    assert restored(edited, original) == put_back


@pytest.mark.parametrize(
    ("edited", "put_back"),
    [
        ([card("A"), card("B")], [card("A", "ta"), card("B", "tb")]),
        ([card("A", n=3), card("B", n=3)], [card("A", "ta", n=3), card("B", "tb", n=3)]),
        ([card("A"), card("C", "tc")], [card("A", "ta"), card("C", "tc")]),
        ([card("B", "new"), card("A", "new")], [card("B", "new"), card("A", "new")]),
        ([card("B", "new")], [card("B", "new")]),
    ],
)
def test_items_of_a_list_keep_their_secrets_where_it_is_sure_whose_they_are(
    edited: Any, put_back: Any
) -> None:
    original = {"cards": [card("A", "ta"), card("B", "tb")]}
    assert restored({"cards": edited}, original) == {"cards": put_back}


@pytest.mark.parametrize(
    ("edited", "place"),
    [
        ([card("B")], r"\$\.cards\[0\]\.token"),
        ([card("B"), card("A")], r"\$\.cards\[0\]\.token"),
        ([card("A"), card("A")], r"\$\.cards\[1\]\.token"),
        ([card("A"), card("A", n=2)], r"\$\.cards\[1\]\.token"),
        ([card("A"), card("C")], r"\$\.cards\[1\]\.token"),
        ([card("A"), card("B"), card("C")], r"\$\.cards\[0\]\.token"),
        ([card("C", "new"), card("A"), card("B")], r"\$\.cards\[1\]\.token"),
        ([[card("A")], card("B")], r"\$\.cards\[0\]\[0\]\.token"),
    ],
)
def test_no_item_of_a_list_gets_the_secret_of_another(edited: Any, place: str) -> None:
    original = {"cards": [card("A", "ta"), card("B", "tb")]}
    with pytest.raises(EventInvalidError, match=rf"^{place} is \[hidden\].* write it in full"):
        restored({"cards": edited}, original)


def test_one_of_two_that_look_alike_gets_no_secret_when_the_list_was_changed() -> None:
    original = [card("A", "t1"), card("A", "t2"), card("B", "tb")]
    assert restored(redacted(original), original) == original
    with pytest.raises(EventInvalidError, match=r"^\$\[0\]\.token is"):
        restored([card("A"), card("B", "new"), card("C", "new")], original)


@pytest.mark.parametrize(
    ("edited", "place"),
    [
        ({"api_key": HIDDEN}, r"\$\.api_key"),
        ({"lines": [{"token": HIDDEN}]}, r"\$\.lines\[0\]\.token"),
        ({"token": {"a": ["x", HIDDEN]}}, r"\$\.token\.a\[1\]"),
        ({"token": f"Bearer {HIDDEN}"}, r"\$\.token"),
    ],
)
def test_nothing_is_left_hidden_where_nothing_belongs(edited: Any, place: str) -> None:
    with pytest.raises(EventInvalidError, match=rf"^{place} is \[hidden\]"):
        restored(edited, {"token": "t", "lines": []})


def test_what_was_written_anew_is_whole_when_no_secret_is_left_hidden() -> None:
    assert whole({"token": "t", "note": HIDDEN}) == {"token": "t", "note": HIDDEN}
    with pytest.raises(EventInvalidError, match=r"^\$\.token is \[hidden\]"):
        whole({"token": HIDDEN})


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(EventInvalidError, match="nested too deeply"):
        restored({"a": deep}, {"a": [1]})


def test_functions_are_hidden_by_pattern() -> None:
    with override_settings(DURABLE={"HIDE_PAYLOADS_OF": ["payroll-*"]}):
        assert is_hidden("payroll-monthly")
        assert not is_hidden("payments")


@pytest.mark.parametrize("value", ["*token*", [1], 7])
def test_patterns_are_a_list_of_texts(value: Any) -> None:
    assert complaints({"REDACT": value})
