"""JSON values and errors, to be read."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from durable import codec
from durable.admin.show import EMPTY
from durable.models import Blob

MOST = 64 * 1024  # characters of a value that a page shows
SHORT = 120


def shown(text: str | None) -> SafeString | str:
    """Show stored JSON, indented; of a long one the beginning."""
    if text is None:
        return EMPTY
    if len(text) <= MOST:
        return pre(json.dumps(codec.decode(text), indent=2, ensure_ascii=False))
    note = _(
        "The first %(shown)s of %(all)s characters. `manage.py durable_show` prints all of it."
    )
    return format_html(
        '{}<p class="help">{}</p>',
        pre(text[:MOST]),
        note % {"shown": f"{MOST:,}", "all": f"{len(text):,}"},
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


def stack(failure: dict[str, str] | None) -> SafeString | str:
    """Show an error's traceback, or its whole message where there is none."""
    if not failure:
        return EMPTY
    return pre(failure.get("stack") or f"{failure.get('name')}: {failure.get('message')}")
