"""A body is read as what it says it is, or refused with a word for it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from durable.webhooks import Delivery
from durable.webhooks.refused import RefusedError


def of(body: bytes, media: str = "application/json") -> Delivery:
    return Delivery(source="test", headers={"content-type": media}, body=body)


@pytest.mark.parametrize(
    "media",
    ["application/json", "application/json; charset=utf-8", "application/cloudevents+json"],
)
def test_json_is_decoded(media: str) -> None:
    assert of(b'{"a": "\xc3\xa9"}', media).data == {"a": "é"}


def test_the_json_in_a_form_is_decoded() -> None:
    body = urlencode({"payload": '{"a": [1]}'}).encode()
    assert of(body, "application/x-www-form-urlencoded").data == {"a": [1]}


def test_a_form_without_json_is_its_fields() -> None:
    form = of(b"command=%2Fpay&text=", "application/x-www-form-urlencoded")
    assert form.data == {"command": "/pay", "text": ""}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b'{"a":', "malformed_json"),
        (b"\xff\xfe{}", "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b'{"a": NaN}', "malformed_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "malformed_json"),
        (b'{"a": "\x01"}', "malformed_json"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        _ = of(body).data
    assert caught.value.code == code


@pytest.mark.parametrize("body", [b"a=%ff", "a=é".encode(), b"&".join([b"a=1"] * 1001)])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError, match="not a form"):
        _ = of(body, "application/x-www-form-urlencoded").data


@pytest.mark.parametrize("media", ["", "text/plain", "multipart/form-data", "application/xml"])
def test_another_type_is_refused(media: str) -> None:
    with pytest.raises(RefusedError) as caught:
        _ = of(b"{}", media).data
    assert caught.value.status == 415


@pytest.mark.parametrize("body", [b"[]", b"1", b'{"a": 1}', b'{"a": {"b": 2}}', b"null"])
def test_a_field_that_is_not_there_is_empty(body: bytes) -> None:
    assert of(body).field("a", "b") == ""
