"""What `manage.py check` says about sources."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import override_settings

from durable.checks.webhooks import check_webhooks

HERE = "tests.integration.webhooks.sources"
GOOD = {"SCHEME": "github", "SECRETS": ["one"]}


def complaints(**sources: Any) -> list[CheckMessage]:
    with override_settings(DURABLE={"WEBHOOKS": sources}):
        return check_webhooks()


@pytest.mark.parametrize(
    "entry",
    [
        GOOD,
        {**GOOD, "SECRETS": ("one", "two")},
        {**GOOD, "EVENT": f"{HERE}.paid"},
        {**GOOD, "SCHEME": f"{HERE}.knows_the_word"},
        {"SCHEME": "standard", "SECRETS": ["whsec_a2V5"]},
    ],
)
def test_a_sound_source_has_no_complaints(entry: Any) -> None:
    assert complaints(one=entry) == []


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (5, "must be a dict, not int"),
        ({"SECRETS": ["one"]}, "must be one of github, stripe, slack, standard, or"),
        ({**GOOD, "SCHEME": "gitbub"}, "not 'gitbub'"),
        ({**GOOD, "SCHEME": "nowhere.verify"}, "['SCHEME']: 'nowhere.verify' cannot be imported"),
        ({**GOOD, "SCHEME": f"{HERE}.text"}, "must be the dotted path of a function"),
        ({**GOOD, "EVENT": f"{HERE}.nothing"}, "['EVENT']: "),
        ({**GOOD, "EVENT": 5}, "['EVENT'] must be the dotted path"),
        ({**GOOD, "SECRETS": "one"}, "must be a list of secrets"),
        ({**GOOD, "SECRETS": ["one", ""]}, "must be a list of secrets"),
        ({"SCHEME": "standard", "SECRETS": ["no base64!"]}, "is base64"),
        ({**GOOD, "SECRET": "one"}, "has an unknown entry 'SECRET'"),
    ],
)
def test_a_wrong_source_is_named(entry: Any, complaint: str) -> None:
    (found,) = complaints(one=entry)
    assert found.id == "durable.E030"
    assert "DURABLE['WEBHOOKS']['one']" in found.msg
    assert complaint in found.msg


@pytest.mark.parametrize("name", ["a/b", "", "é", "a" * 101, "durable", "inngest"])
def test_a_name_that_cannot_be_an_address_is_named(name: str) -> None:
    (found,) = complaints(**{name: GOOD})
    assert found.id == "durable.E030"


@pytest.mark.parametrize("entry", [{"SCHEME": "github"}, {"SCHEME": "github", "SECRETS": []}])
def test_a_source_without_a_secret_is_named(entry: Any) -> None:
    (found,) = complaints(one=entry)
    assert found.id == "durable.E031"


def test_a_secret_is_not_repeated() -> None:
    found = complaints(one={"SCHEME": "standard", "SECRETS": ["hush, hush"]})
    assert "hush" not in str(found)
