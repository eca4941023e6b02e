"""What the tables say about keys for the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import OperationalError, ProgrammingError
from django.urls import get_resolver

from durable.checks.site import sound
from durable.models import Key
from durable.store import get_store

APP_NAME = "durable"  # of durable.rest.urls


@register(Tags.database)
def check_keys(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A site with the API has a key; asked with `check --database`, and before a migration."""
    if not sound() or get_store().alias not in (databases or ()) or _has_keys():
        return []
    if APP_NAME not in get_resolver().app_dict:
        return []
    text = "The API is in the URLs, and there is no key: all programs are refused."
    hint = 'Make one with `manage.py durable_key create "web shop"`.'
    return [Warning(text, hint=hint, id="durable.W020")]


def _has_keys() -> bool:
    try:
        return Key.objects.using(get_store().alias).filter(revoked=None).exists()
    except (OperationalError, ProgrammingError):  # not migrated yet
        return True
