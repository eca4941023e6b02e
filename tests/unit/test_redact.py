from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from durable.conf import complaints
from durable.operations.redact import HIDDEN, is_hidden, redacted, restored


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


@pytest.mark.parametrize(
    ("edited", "whole"),
    [
        ({"token": HIDDEN, "n": 2}, {"token": "t", "n": 2}),
        ({"token": "new"}, {"token": "new"}),
        ({"lines": [{"token": HIDDEN}]}, {"lines": [{"token": "u"}]}),
        (
            {"lines": [{"token": HIDDEN}, {"token": HIDDEN}]},
            {"lines": [{"token": "u"}, {"token": HIDDEN}]},
        ),
        ({"other": HIDDEN}, {"other": HIDDEN}),
    ],
)
def test_what_was_hidden_is_put_back_where_it_was_left(edited: Any, whole: Any) -> None:
    original = {"token": "t", "n": 1, "lines": [{"token": "u"}]}
    assert restored(edited, original) == whole


def test_functions_are_hidden_by_pattern() -> None:
    with override_settings(DURABLE={"HIDE_PAYLOADS_OF": ["payroll-*"]}):
        assert is_hidden("payroll-monthly")
        assert not is_hidden("payments")


@pytest.mark.parametrize("value", ["*token*", [1], 7])
def test_patterns_are_a_list_of_texts(value: Any) -> None:
    assert complaints({"REDACT": value})
