"""Under ASGI a body is refused before it has been read, where the site says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.core.asgi import get_asgi_application

from durable.access.asgi import MOST, LimitedBodies

CHUNK = b" " * 1_000_000


def ask(path: str, body: bytes = b"", *, sent: int = 0, declared: str = "") -> tuple[int, int]:
    """Send chunks to the site; return the status, and how many of them were read."""
    read, statuses = 0, list[int]()

    async def receive() -> Any:
        nonlocal read
        if read and read >= sent:
            return await asyncio.Future()  # who sends stays on the line
        read += 1
        return {"type": "http.request", "body": body, "more_body": read < sent}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    headers += [(b"content-length", declared.encode())] if declared else []
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
    }
    site = LimitedBodies(get_asgi_application(), "/durable/", "/e/")
    asyncio.run(asyncio.wait_for(site(scope, receive, send), 20))
    return statuses[0], read


@pytest.mark.parametrize("path", ["/durable/hooks/nobody/", "/e/key"])
def test_what_declares_too_much_is_not_read(path: str) -> None:
    assert ask(path, declared=str(MOST + 1)) == (413, 0)
    assert ask(path, declared="9" * 4000) == (413, 0)


def test_what_declares_nothing_is_counted() -> None:
    assert ask("/durable/hooks/nobody/", CHUNK, sent=100) == (413, MOST // len(CHUNK) + 1)


def test_what_is_small_enough_is_read() -> None:
    assert ask("/durable/hooks/nobody/", b"{}", sent=1, declared="2") == (404, 1)
    assert ask("/durable/hooks/nobody/", CHUNK, sent=8) == (404, 8)


def test_other_addresses_of_the_site_are_its_own_affair() -> None:
    assert ask("/upload/", CHUNK, sent=12) == (404, 12)
