"""Who may do what, by the name of the operation."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from durable.access.credentials import good
from durable.access.scopes import OPERATIONS
from durable.access.tenancy import tenant_of
from durable.models import Key
from durable.store import get_store


class MayOperate(BasePermission):
    """Lets in who may do the view's operation; a view that names none is closed to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the request may do what the view does."""
        return allows(request, view.operation_of(request))


def allows(request: Request, operation: str) -> bool:
    """Say whether who makes a request may do an operation; nobody may do one that is not known."""
    if operation not in OPERATIONS:
        return False
    if isinstance(request.auth, Key):
        return request.auth.may(operation)
    return _may(request.user, operation)  # None where the site's UNAUTHENTICATED_USER says so


def allows_still(request: Request, operation: str, tenant: str | None) -> bool:
    """Say whether who made a request, some time ago, would be let in again, and for the same tenant."""
    if isinstance(request.auth, Key):
        return good(get_store(), request.auth.prefix) is not None
    pk: Any = request.user.pk
    user = get_user_model()._default_manager.filter(pk=pk).first()
    try:
        return _may(user, operation) and tenant_of(user) == tenant
    except PermissionDenied:
        return False


def _may(user: Any, operation: str) -> bool:
    return user is not None and user.is_active and user.has_perm(OPERATIONS[operation])
