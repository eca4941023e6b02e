"""Which tenant a user of the site belongs to, by the site's own function."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError

from durable.conf import conf, imported
from durable.engine.ingest import TENANT
from durable.playback.failure import storable

logger = logging.getLogger("durable.access")

Binding = Callable[[Any], str | None]


def tenant_of(user: Any) -> str | None:
    """Return the only tenant that a user sees and acts for; None for one who is not bound to any.

    Raises:
        PermissionDenied: what the site's function returns is neither a tenant nor None, or it failed.
        OperationalError, InterfaceError: the database did not answer it.
    """
    ask = binding()
    tenant = None if ask is None else _answer(ask, user)
    if tenant is None or _is_tenant(tenant):
        return tenant
    raise PermissionDenied


def sees_all(user: Any) -> bool:
    """Say whether a user is bound to no tenant; one of whom the site does not say it is."""
    try:
        return tenant_of(user) is None
    except PermissionDenied:
        return False


def binding() -> Binding | None:
    """Return the function that `DURABLE["TENANT_OF"]` names, if it names one.

    Raises:
        SettingInvalidError: it cannot be imported.
    """
    return None if conf.TENANT_OF is None else imported("TENANT_OF", conf.TENANT_OF)


def _answer(ask: Binding, user: Any) -> str | None:
    try:
        return ask(user)
    except (PermissionDenied, OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("DURABLE['TENANT_OF'] failed for user %s, who is not let in", user.pk)
        raise PermissionDenied from None


def _is_tenant(tenant: object) -> bool:
    is_text = isinstance(tenant, str) and bool(tenant.strip()) and len(tenant) <= TENANT
    return is_text and tenant == storable(cast(str, tenant))
