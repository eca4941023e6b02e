"""One request of a source, as its bytes came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from durable.webhooks.refused import RefusedError

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a source sent. Functions that map it to an event see it after its signature was checked.

    Args:
        source: the name of the source in `DURABLE["WEBHOOKS"]`.
        headers: by their names in lower case.
        body: the bytes that were signed.
    """

    source: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, empty if it is missing."""
        return self.headers.get(name, "")

    def field(self, *path: str) -> str:
        """Return a text within the data by its path, empty if there is none."""
        value = self.data
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) else ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the body: an id that only who can sign can change."""
        return sha256(self.body).hexdigest()

    @cached_property
    def data(self) -> Any:
        """The body, decoded: JSON, the JSON in the field `payload` of a form, or a form's fields.

        Raises:
            RefusedError: it is neither.
        """
        media = self.header("content-type").partition(";")[0].strip().lower()
        if media == FORM:
            return self._form()
        if media != "application/json" and not media.endswith("+json"):
            raise RefusedError(415, "unsupported_media_type", "Send JSON, or a form.")
        return _decoded(self.body)

    def _form(self) -> Any:
        try:
            text = self.body.decode("ascii")
            pairs = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
        except ValueError:
            raise RefusedError(400, "malformed_json", "The body is not a form.") from None
        fields = dict(pairs)
        return _decoded(fields["payload"].encode()) if "payload" in fields else fields


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_no_number)
    except RecursionError:
        raise RefusedError(422, "too_deep", "The JSON is nested too deeply.") from None
    except ValueError as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError(
            400, "malformed_json", f"The body is not JSON in UTF-8{place}."
        ) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
