"""Bad input: each row of the table of what an event endpoint must bear. Never a 500, and nothing is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.test import Client, RequestFactory

from durable import clock
from durable.models import Event, Receipt
from durable.rest.events import EventsView

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]
URL = "/durable/events/"
CANARY = "canary7"


@pytest.fixture
def refused(api: Api, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Sends a body, sees that nothing was stored and nothing echoed; returns status and code."""
    client = api()

    def refused(body: bytes | str, kind: str = "application/json", **headers: str) -> Any:
        answer = client.post(
            URL, body.encode() if isinstance(body, str) else body, kind, headers=headers
        )
        told = answer.json()
        assert answer["Content-Type"] == "application/problem+json"
        assert CANARY not in answer.content.decode()
        assert told["status"] == answer.status_code
        assert not Event.objects.exists()
        assert not Receipt.objects.exists()
        return answer.status_code, told["code"], told

    return refused


def wrap(data: str) -> str:
    return f'{{"name":"a","data":{{"of":"{CANARY}","x":{data}}}}}'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f'{{"name":"{CANARY}'.encode(), id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="white"),
        pytest.param(b'{"name":"a"} x', id="trailing"),
        pytest.param(b"{'name':'a'}", id="single quotes"),
        pytest.param(b'{"name":"\xff\xfe"}', id="not UTF-8"),
        pytest.param('{"name":"a"}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"name":"a"}'.encode("utf-32-le"), id="UTF-32"),
        pytest.param(b'\xef\xbb\xbf{"name":"a"}', id="BOM"),
        pytest.param(b'{"name":"a\nb"}', id="raw newline"),
        pytest.param(b'{"name":"a\x00b"}', id="raw NUL"),
        pytest.param(wrap("NaN").encode(), id="NaN"),
        pytest.param(wrap("-Infinity").encode(), id="infinity"),
        pytest.param(wrap("9" * 5000).encode(), id="5,000 digits"),
        pytest.param(b'{"name":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
    ],
)
def test_what_is_no_json_is_malformed(refused: Callable[..., Any], body: bytes) -> None:
    status, code, told = refused(body)
    assert (status, code) == (400, "malformed_json")
    assert told["detail"]


def test_the_place_of_a_mistake_is_told(refused: Callable[..., Any]) -> None:
    assert "line 1, column 13" in refused('{"name":"a" "b":1}')[2]["detail"]
    assert "Byte 9" in refused(b'{"name":"\xff"}')[2]["detail"]


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800", "\\uDFFF", "\\udc00\\ud800"])
@pytest.mark.parametrize("place", ['{"x":["%s"]}', '{"%s":1}'])
def test_text_that_no_database_takes_is_refused_with_its_path(
    refused: Callable[..., Any], place: str, text: str
) -> None:
    status, code, told = refused(wrap(place % text))
    assert (status, code) == (422, "invalid_text")
    assert "$.data" in told["detail"]


def test_a_pair_of_surrogates_is_a_character(api: Api) -> None:
    assert api().post(URL, wrap('"\\ud83d\\ude00"'), "application/json").status_code == 201
    assert api().post(URL, wrap('"\\\\u0000"'), "application/json").status_code == 201


@pytest.mark.parametrize("depth", [70, 2_000, 100_000])
@pytest.mark.parametrize("sign", ["[]", '{"a":}'])
def test_deep_nesting_is_refused_before_it_is_parsed(
    refused: Callable[..., Any], depth: int, sign: str
) -> None:
    opening, closing = sign[:-1], sign[-1]
    assert refused(wrap(opening * depth + "1" + closing * depth))[:2] == (422, "too_deep")
    assert refused(opening * depth)[:2] == (422, "too_deep")


def test_brackets_in_text_are_not_nesting(api: Api) -> None:
    text = json.dumps({"name": "a", "data": {"x": '[{"' * 200 + "\\"}})
    assert api().post(URL, text, "application/json").status_code == 201


def test_a_text_that_does_not_end_is_looked_at_once(refused: Callable[..., Any]) -> None:
    assert refused("[" * 65 + '"' + '\\"' * 500_000)[:2] == (422, "too_deep")
    assert refused("[" * 10 + '"' + '[\\"' * 500_000)[:2] == (400, "malformed_json")


def test_a_key_that_is_there_twice_is_refused(refused: Callable[..., Any]) -> None:
    assert refused('{"name":"a","name":"b"}')[:2] == (422, "duplicate_key")
    assert refused(wrap('{"x":1,"x":1}'))[:2] == (422, "duplicate_key")


def test_too_large_a_body_is_refused(refused: Callable[..., Any]) -> None:
    assert refused(wrap('"%s"' % ("x" * 9 * 1024 * 1024)))[:2] == (413, "too_large")


def test_too_large_an_event_is_refused(refused: Callable[..., Any]) -> None:
    large = wrap('"%s"' % ("x" * 3_200_000))
    status, code, told = refused(large)
    assert (status, code, told["errors"][0]["code"]) == (413, "too_large", "too_large")
    status, code, told = refused(f"[{{}},{large}]")
    assert (status, [one["code"] for one in told["errors"]]) == (422, ["invalid", "too_large"])


class Endless(BytesIO):
    """A body without a declared length; counts how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        self.count += size
        return b" " * size


def test_a_body_without_a_length_is_counted_while_it_is_read(key: Callable[..., str]) -> None:
    request = RequestFactory().post(
        URL, b"", "application/json", headers={"Authorization": f"Bearer {key()}"}
    )
    request.META.pop("CONTENT_LENGTH", None)
    request._stream = body = Endless()
    response = EventsView.as_view()(request)
    assert response.status_code == 413
    assert body.count <= EventsView.max_body + 1


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣"])
def test_a_length_that_is_none_is_refused(key: Callable[..., str], length: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {key()}"})
    answer = client.generic("POST", URL, b"{}", "application/json", CONTENT_LENGTH=length)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/json; charset=utf-7",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "nonsense",
    ],
)
def test_other_content_types_and_character_sets_are_refused(
    refused: Callable[..., Any], kind: str
) -> None:
    assert refused('{"name":"a"}', kind)[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity"])
def test_compressed_bodies_are_refused(refused: Callable[..., Any], coding: str) -> None:
    body = gzip.compress(b'{"name":"a"}')
    found = refused(body, **{"Content-Encoding": coding})
    assert found[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_utf_8_may_be_named(api: Api, kind: str) -> None:
    assert api().post(URL, b'{"name":"a"}', kind).status_code == 201


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ({"name": "a", "colour": 1}, "unknown_field", "colour"),
        ({"name": "a", f"{CANARY} !": 1}, "unknown_field", "…"),
        ({}, "invalid", "name"),
        ({"name": None}, "invalid", "name"),
        ({"name": 7}, "invalid", "name"),
        ({"name": " "}, "invalid", "name"),
        ({"name": "x" * 257}, "invalid", "name"),
        ({"name": f"inngest/{CANARY}"}, "invalid", "name"),
        ({"name": f"durable/{CANARY}"}, "invalid", "name"),
        ({"name": "a", "data": [CANARY]}, "invalid", "data"),
        ({"name": "a", "data": None}, "invalid", "data"),
        ({"name": "a", "data": CANARY}, "invalid", "data"),
        ({"name": "a", "id": "x" * 10_000}, "invalid", "id"),
        ({"name": "a", "id": ""}, "invalid", "id"),
        ({"name": "a", "id": "  "}, "invalid", "id"),
        ({"name": "a", "id": True}, "invalid", "id"),
        ({"name": "a", "id": None}, "invalid", "id"),
        ({"name": "a", "id": 7}, "invalid", "id"),
        ({"name": "a", "tenant": "x" * 129}, "invalid", "tenant"),
        ({"name": "a", "subject": CANARY}, "invalid", "subject"),
        ({"name": "a", "subject": "x" * 300}, "invalid", "subject"),
        ({"name": "a", "ts": "0000-01-01T00:00:00Z"}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": "9999-12-31T23:59:59-01:00"}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": CANARY}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": 10**30}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": -1}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": 1.5}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": True}, "time_out_of_range", "ts"),
        ({"name": "a", "ts": None}, "time_out_of_range", "ts"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_field_that_is_wrong_is_told_of(
    refused: Callable[..., Any], event: Any, code: str, field: str
) -> None:
    status, _, told = refused(json.dumps([{"name": "a"}, event]))
    assert status == 422
    (fault,) = told["errors"]
    assert (fault["index"], fault["code"], fault["field"]) == (1, code, field)


@pytest.mark.parametrize("hours", [-24 * 400, 2])
def test_a_time_too_far_away_is_refused(refused: Callable[..., Any], hours: int) -> None:
    moment = clock.now() + timedelta(hours=hours)
    for ts in (moment.isoformat(), int(moment.timestamp() * 1000)):
        (fault,) = refused(json.dumps({"name": "a", "ts": ts}))[2]["errors"]
        assert fault["code"] == "time_out_of_range"


def test_a_time_without_its_zone_is_refused(refused: Callable[..., Any]) -> None:
    now = clock.now().replace(tzinfo=None).isoformat()
    (fault,) = refused(json.dumps({"name": "a", "ts": now}))[2]["errors"]
    assert fault["code"] == "time_out_of_range"


def test_a_number_that_is_too_large_for_json_is_refused(refused: Callable[..., Any]) -> None:
    status, _, told = refused(wrap("1e999"))
    assert (status, told["errors"][0]["code"]) == (422, "invalid")


@pytest.mark.parametrize("body", ["7", '"a"', "null", "true", "[]", "[[]]", "[7]", "[null]"])
def test_what_is_no_event_is_refused(refused: Callable[..., Any], body: str) -> None:
    assert refused(body)[:2] == (422, "invalid")


def test_too_many_events_are_refused(refused: Callable[..., Any]) -> None:
    assert refused(json.dumps([{"name": "a"}] * 10_000))[:2] == (413, "too_large")


def test_a_thousand_events_are_taken(api: Api) -> None:
    body = [{"name": "a", "data": {"n": n}} for n in range(1000)]
    assert api().post(URL, body, "application/json").status_code == 201
    assert Event.objects.count() == 1000


def test_not_more_than_a_hundred_mistakes_are_told(refused: Callable[..., Any]) -> None:
    assert len(refused(json.dumps([{}] * 1000))[2]["errors"]) == 100


def test_a_browser_gets_json_where_the_site_has_no_pages_for_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "rest_framework")
    wants = "text/html,application/xhtml+xml,*/*;q=0.8"
    answer = client.get("/durable/runs/", headers={"accept": wants})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert client.get("/durable/runs/", headers={"accept": "text/html"}).status_code == 406
