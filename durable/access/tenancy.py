"""Which tenant a user of the site belongs to, by the site's own function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import PermissionDenied

from durable.conf import conf, imported
from durable.engine.ingest import TENANT
from durable.playback.failure import storable

Binding = Callable[[Any], str | None]


def tenant_of(user: Any) -> str | None:
    """Return the only tenant that a user sees and acts for; None for one who is not bound to any.

    Raises:
        PermissionDenied: what the site's function returns is neither a tenant nor None.
    """
    ask = binding()
    tenant = None if ask is None else ask(user)
    if tenant is None or _is_tenant(tenant):
        return tenant
    raise PermissionDenied


def binding() -> Binding | None:
    """Return the function that `DURABLE["TENANT_OF"]` names, if it names one.

    Raises:
        SettingInvalidError: it cannot be imported.
    """
    return None if conf.TENANT_OF is None else imported("TENANT_OF", conf.TENANT_OF)


def _is_tenant(tenant: object) -> bool:
    is_text = isinstance(tenant, str) and bool(tenant.strip()) and len(tenant) <= TENANT
    return is_text and tenant == storable(cast(str, tenant))
