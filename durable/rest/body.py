"""The bytes of a request: as many as are allowed, counted while they are read."""

from __future__ import annotations

from django.http import HttpRequest

from durable.rest.problems import Problem

_CHUNK = 64 * 1024
_KEPT = "_durable_body"


def raw_body(request: HttpRequest, limit: int) -> bytes:
    """Return the body, which is read once.

    Raises:
        Problem: 413, it has more than `limit` bytes; 400, the length it declares is none.
    """
    if not hasattr(request, _KEPT):
        setattr(request, _KEPT, _read(request, limit))
    body: bytes = getattr(request, _KEPT)
    return body


def _read(request: HttpRequest, limit: int) -> bytes:
    if _declared(request) > limit:
        raise _too_large(limit)
    found = bytearray()
    while chunk := request.read(min(_CHUNK, limit + 1 - len(found))):
        found += chunk
        if len(found) > limit:
            raise _too_large(limit)
    return bytes(found)


def _declared(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise Problem(400, "malformed_json", "The header Content-Length is not a number.")
    return int(text[:20])


def _too_large(limit: int) -> Problem:
    return Problem(413, "too_large", f"The body may have {limit:,} bytes.")
