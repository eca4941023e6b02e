"""A limit for bodies under ASGI, where Django reads them to their end before any view can look."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]  # of ASGI

MOST = 8 * 1024 * 1024  # bytes: of the largest request that the API takes

_BODY = {
    "type": "urn:durable:problem:too_large",
    "title": "The body is too large.",
    "status": 413,
    "code": "too_large",
    "detail": f"The body may have {MOST:,} bytes.",
}


class LimitedBodies:
    """`application = LimitedBodies(get_asgi_application(), "/durable/")`.

    Args:
        application: of ASGI, the site's.
        under: how addresses begin whose bodies are limited, to what the API takes at most. One that
            declares more is refused before it is read; one that declares nothing is counted.
    """

    def __init__(self, application: Application, *under: str) -> None:
        self._application = application
        self._under = under

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(self._under):
            await self._application(scope, receive, send)
        elif _declared(scope) > MOST:
            await _refuse(send)
        else:
            await self._limited(scope, receive, send)

    async def _limited(self, scope: Any, receive: Receive, send: Send) -> None:
        counted = _Counted(receive)
        await self._application(scope, counted, send)
        if counted.is_too_large:
            await _refuse(send)


class _Counted:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._count = 0

    @property
    def is_too_large(self) -> bool:
        return self._count > MOST

    async def __call__(self) -> Message:
        message = await self._receive()
        self._count += len(message.get("body", b""))
        # As if who sends had gone: then Django puts away what it has read, and answers nothing.
        return {"type": "http.disconnect"} if self.is_too_large else message


def _declared(scope: Any) -> int:
    given = dict(scope["headers"]).get(b"content-length", b"0")
    return int(given[:20]) if given.isdigit() else 0


async def _refuse(send: Send) -> None:
    body = json.dumps(_BODY).encode()
    length = str(len(body)).encode()
    kind = [(b"content-type", b"application/problem+json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 413, "headers": kind})
    await send({"type": "http.response.body", "body": body})
