"""Bodies whose length nobody declares are read to their end, and not beyond what is allowed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import override_settings

from durable.models import Event
from durable.rest.events import EventsView
from tests.unit.webhooks.test_signature import SECRET, as_github

pytestmark = pytest.mark.django_db

PAID = b'{"name": "shop/paid", "data": {"order": 7}}'


class Chunks(io.RawIOBase):
    """What a server gives a site of a body in chunks: as it comes, and how much was asked for."""

    def __init__(self, body: bytes, *, is_broken: bool = False) -> None:
        self.left = body
        self.given = 0
        self.is_broken = is_broken

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 64 * 1024
        if self.is_broken and self.given:
            raise OSError("the line broke")
        chunk, self.left = self.left[: min(size, 1000)], self.left[min(size, 1000) :]
        self.given += len(chunk)
        return chunk


@pytest.fixture
def send(key: Callable[..., str]) -> Any:
    """Sends a body in chunks to a WSGI site; returns the status and the answer."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    token = key()

    def send(body: Chunks, path: str = "/durable/events/", **more: Any) -> tuple[int, Any]:
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            **more,
        }
        said: list[str] = []
        answer = get_wsgi_application()(environ, lambda status, headers, *_: said.append(status))  # type: ignore[arg-type]
        return int(said[0][:3]), json.loads(b"".join(answer))

    yield send
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_body_in_chunks_is_read(send: Any) -> None:
    assert send(Chunks(PAID))[0] == 201
    assert Event.objects.get().value == {"order": 7}


def test_what_is_too_large_is_not_read_to_its_end(send: Any) -> None:
    body = Chunks(b" " * (EventsView.max_body + 100_000))
    status, said = send(body)
    assert (status, said["code"]) == (413, "too_large")
    assert body.given == EventsView.max_body + 1


def test_a_line_that_breaks_is_no_error_of_the_site(send: Any) -> None:
    status, said = send(Chunks(PAID * 1000, is_broken=True))
    assert (status, said["code"]) == (400, "malformed_json")


def test_a_server_that_does_not_say_that_it_ends_is_not_waited_for(send: Any) -> None:
    body = Chunks(PAID)
    assert send(body, **{"wsgi.input_terminated": False})[0] == 400
    assert body.given == 0


def test_a_webhook_in_chunks_is_read_as_well(send: Any) -> None:
    signed = {"HTTP_X_HUB_SIGNATURE_256": as_github(PAID)["x-hub-signature-256"]}
    headers = {**signed, "HTTP_X_GITHUB_EVENT": "push", "HTTP_X_GITHUB_DELIVERY": "d-1"}
    sources = {"github": {"SCHEME": "github", "SECRETS": [SECRET]}}
    with override_settings(DURABLE={"WEBHOOKS": sources, "MAX_EVENT_BYTES": 1000}):
        assert send(Chunks(PAID), "/durable/hooks/github/", **headers)[0] == 200
        assert send(Chunks(PAID * 1000), "/durable/hooks/github/", **headers)[0] == 413
