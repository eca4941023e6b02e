"""Who may do what, by the name of the operation."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from durable.access.scopes import OPERATIONS
from durable.models import Key


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
    user: Any = request.user  # None where the site's setting UNAUTHENTICATED_USER says so
    return user is not None and user.is_active and user.has_perm(OPERATIONS[operation])
