"""JSON in, strictly: UTF-8, no key twice, no text that a database refuses, and not nested too deeply."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from durable.conf import conf
from durable.rest.body import raw_body
from durable.rest.problems import Problem

# A text that does not end is taken to the end of the body, so that the look stays linear.
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_HARD = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")  # a key that may be repeated
_LONGEST_PATH = 200
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")


class StrictJSONParser(BaseParser):
    """The only parser of these views."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value of a body.

        Raises:
            Problem: it cannot be read, or is too large or too deep.
        """
        context = parser_context or {}
        request: Request = context["request"]
        check_coding(request)
        return read_json(raw_body(request._request, context["view"].max_body))


def check_coding(request: Request) -> None:
    """Refuse a body that is compressed, or in another character set than UTF-8.

    Raises:
        Problem: 415.
    """
    charset = request._request.content_params or {}
    if charset.get("charset", "").strip("\"'").lower() not in _CHARSETS:
        raise Problem(415, "unsupported_media_type", "The character set must be UTF-8.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise Problem(415, "unsupported_media_type", "Send the body as it is, not compressed.")


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        Problem: 400, it is none; 422, it has a key twice, is too deep, or holds text that cannot be
            stored. The detail names the place.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _malformed(f"Byte {error.start} is not UTF-8.") from None
    _check_depth(body, conf.MAX_DEPTH)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _malformed(f"It cannot be read at {where}.") from None
    except ValueError:  # of int(), which reads no number of more than 4,300 digits
        raise _malformed("A number has too many digits.") from None
    if _HARD.search(text):
        _check_texts(value)
    return value


def _check_depth(body: bytes, most: int) -> None:
    """Count before parsing: a parser may fall over what is too deep."""
    if body.count(b"[") + body.count(b"{") <= most:
        return
    depth = 0
    for token in _TOKENS.finditer(body):
        sign = body[token.start()]
        if sign in b"[{":
            depth += 1
            if depth > most:
                where = f"at byte {token.start()}"
                raise Problem(422, "too_deep", f"It is nested deeper than {most} {where}.")
        elif sign in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(422, "duplicate_key", "An object has a key twice.")
    return found


def _constant(name: str) -> NoReturn:
    raise _malformed("JSON has no NaN and no Infinity.")


def _malformed(detail: str) -> Problem:
    return Problem(400, "malformed_json", detail)


def _check_texts(value: Any) -> None:
    todo = [(value, "$")]
    while todo:
        item, path = todo.pop()
        if isinstance(item, dict):
            if not all(_is_sound(key) for key in item):
                raise Problem(422, "invalid_text", f"A key of {path} cannot be stored.")
            todo.extend((child, _below(path, key)) for key, child in item.items())
        elif isinstance(item, list):
            todo.extend((child, f"{path}[{n}]") for n, child in enumerate(item))
        elif isinstance(item, str) and not _is_sound(item):
            raise Problem(422, "invalid_text", f"The text at {path} cannot be stored.")


def _below(path: str, key: str) -> str:
    """Return the path of a value, without what a key may hold of the body's secrets."""
    step = key if _PLAIN.fullmatch(key) else "…"
    return f"{path}.{step}" if len(path) < _LONGEST_PATH else path


def _is_sound(text: str) -> bool:
    return "\0" not in text and text == text.encode(errors="replace").decode()
