"""JSON values and errors, to be read: folded, measured, and with secrets hidden."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from durable import codec
from durable.admin.show import EMPTY, number
from durable.models import Blob
from durable.operations.redact import is_hidden, redacted
from durable.secret import HIDDEN

MOST = 64 * 1024  # characters of a value that a page shows
SHORT = 120
INLINE = 400  # characters of a value that is in the page before anybody asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A folded value.

    Args:
        label: what it is.
        size: characters of what is stored.
        url: from where it is loaded when somebody opens it.
        text: the value itself, if it is short.
        key: tells it from the others of a page.
        brief: a glance at it.
    """

    label: str
    size: int
    url: str
    key: str
    text: str = ""
    brief: str = ""


def may_see(request: HttpRequest, function: str) -> bool:
    """Whether payloads of a function are shown to who asks."""
    return bool(request.user.has_perm("durable.view_payload")) and not is_hidden(function)


def readable(text: str) -> str:
    """Return stored JSON, indented, without what is to be hidden."""
    return json.dumps(redacted(codec.decode(text)), indent=2, ensure_ascii=False)


def glance(text: str) -> str:
    """Return the beginning of stored JSON, without what is to be hidden."""
    value = json.dumps(redacted(codec.decode(text)), ensure_ascii=False, separators=(", ", ": "))
    return value if len(value) <= SHORT else value[:SHORT] + "…"


def shown(text: str | None, function: str = "") -> SafeString | str:
    """Show stored JSON, indented; of a long one the beginning."""
    if text is None:
        return EMPTY
    if is_hidden(function):
        return HIDDEN
    whole = readable(text)
    if len(whole) <= MOST:
        return pre(whole)
    note = _(
        "The first %(shown)s of %(all)s characters. `manage.py durable_show` prints all of it."
    )
    return format_html(
        '{}<p class="help">{}</p>',
        pre(whole[:MOST]),
        note % {"shown": number(MOST), "all": number(len(whole))},
    )


def output_of(alias: str, row: Any, run: UUID, key: str) -> str | None:
    """Return the stored output of a run or step, from its own row or from the large values."""
    if not row.large:
        text: str | None = row.output
        return text
    bodies = Blob.objects.using(alias).filter(run=run, key=key)
    return bodies.values_list("body", flat=True).first()


def pre(text: str) -> SafeString:
    """Show text as it is."""
    return format_html('<pre class="durable-pre" tabindex="0">{}</pre>', text)


def brief(failure: dict[str, str] | None) -> str:
    """Name an error in a line."""
    if not failure:
        return ""
    name, message = failure.get("name", ""), failure.get("message", "")
    return Truncator(" ".join(f"{name}: {message}".split()) if message else name).chars(SHORT)


def trace(failure: dict[str, str] | None) -> str:
    """Return an error's traceback, or its whole message where there is none."""
    if not failure:
        return ""
    return failure.get("stack") or f"{failure.get('name')}: {failure.get('message')}"


def stack(failure: dict[str, str] | None) -> SafeString | str:
    """Show an error's traceback, or its whole message where there is none."""
    return pre(trace(failure)) if failure else EMPTY
