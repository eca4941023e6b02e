"""What may be done, by name: a key's scopes and Django's permissions are both asked for the same name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from durable.models import Key

OPERATIONS: Mapping[str, str] = {  # to the permission of a Django user
    "events.send": "durable.add_event",
    "events.read": "durable.view_event",
    "runs.read": "durable.view_run",
    "runs.cancel": "durable.cancel_run",
    "runs.retry": "durable.retry_run",
    "runs.replay": "durable.replay_run",
    "runs.signal": "durable.signal_run",
    "payloads.read": "durable.view_payload",  # data of events, outputs of runs and steps
    "functions.read": "durable.view_run",
    "functions.invoke": "durable.invoke_function",
    "keys.read": "durable.view_key",
    "keys.manage": "durable.change_key",
}


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
