"""Who may come in: keys for the API, and the tenants of users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, ProgrammingError
from django.db.models import Q
from django.urls import get_resolver

from durable.access.tenancy import binding
from durable.checks.site import TAG, sound
from durable.errors import SettingInvalidError
from durable.models import Key
from durable.store import get_store
from durable.store.clock import database_now

APP_NAMES = {"durable", "durable_inngest"}  # of durable.rest.urls and inngest_urls


@register(TAG)
def check_tenants(**kwargs: Any) -> list[CheckMessage]:
    """The function that says whose a user is can be asked."""
    if not sound():
        return []
    try:
        binding()
    except SettingInvalidError as error:
        hint = "Name a function of a module: it is given a user, and returns a tenant or None."
        return [Error(str(error), hint=hint, id="durable.E032")]
    return []


@register(Tags.database)
def check_keys(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A site with the API has a key; asked with `check --database`, and before a migration."""
    if not sound() or get_store().alias not in (databases or ()) or _has_keys():
        return []
    if APP_NAMES.isdisjoint(get_resolver().app_dict):
        return []
    text = "The API is in the URLs, and there is no key that is good: all programs are refused."
    hint = 'Make one with `manage.py durable_key create "web shop"`.'
    return [Warning(text, hint=hint, id="durable.W020")]


def _has_keys() -> bool:
    try:
        rows = Key.objects.using(get_store().alias).filter(revoked=None)
        return rows.filter(Q(expires=None) | Q(expires__gt=database_now())).exists()
    except (OperationalError, ProgrammingError):  # not migrated yet
        return True
