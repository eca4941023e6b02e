"""The bytes of a request: as many as are allowed, counted while they are read."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.http.request import UnreadablePostError

_CHUNK = 64 * 1024
_KEPT = "_durable_body"


class BodyTooLargeError(Exception):
    """It has more bytes than are allowed."""


class BodyBrokenError(Exception):
    """It did not come to its end, or declares a length that is none."""


def body_of(request: HttpRequest, most: int) -> bytes:
    """Return the body of a request, which is read once, and never more of it than is allowed.

    Args:
        request: of Django.
        most: bytes.

    Raises:
        BodyTooLargeError, BodyBrokenError: it cannot be had.
    """
    if not hasattr(request, _KEPT):
        setattr(request, _KEPT, _read(request, most))
    body: bytes = getattr(request, _KEPT)
    return body


def _read(request: HttpRequest, most: int) -> bytes:
    if _declared(request) > most:
        raise BodyTooLargeError
    source = _chunked(request) or request
    found = bytearray()
    try:
        while chunk := source.read(min(_CHUNK, most + 1 - len(found))):
            found += chunk
            if len(found) > most:
                raise BodyTooLargeError
    except (UnreadablePostError, OSError, ValueError) as error:
        raise BodyBrokenError from error
    return bytes(found)


def _declared(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise BodyBrokenError
    return int(text[:20])


def _chunked(request: HttpRequest) -> Any:
    """Return the server's own stream where a body comes in chunks, which Django takes for empty under WSGI."""
    is_open = isinstance(request, WSGIRequest) and not request.META.get("CONTENT_LENGTH")
    is_chunked = request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    # Only where the server says that it ends: elsewhere who reads on waits for ever.
    if is_open and is_chunked and request.META.get("wsgi.input_terminated"):
        return request.META["wsgi.input"]
    return None
