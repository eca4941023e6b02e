"""Who asks: their name in the audit log, what they may, and the line in Django's own log of the admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest

from durable.operations.audit import Actor


def actor(request: HttpRequest) -> Actor:
    """Return who asks."""
    return Actor(who=request.user.get_username(), via="admin")


def require(request: HttpRequest, *permissions: str) -> None:
    """Refuse who may not: the names of permissions of this app.

    Raises:
        PermissionDenied: one of them is missing.
    """
    if not request.user.has_perms([f"durable.{name}" for name in permissions]):
        raise PermissionDenied


def require_any(request: HttpRequest, *permissions: str) -> None:
    """Refuse who has none of these permissions of this app.

    Raises:
        PermissionDenied: all are missing.
    """
    if not any(request.user.has_perm(f"durable.{name}") for name in permissions):
        raise PermissionDenied


def log(admin: ModelAdmin[Any], request: HttpRequest, row: Model, verb: str, change: str) -> None:
    """Write what was done into Django's log, beside the audit log."""
    admin.log_change(request, row, f"{verb}: {change}")


def in_short(change: Mapping[str, tuple[Any, Any]]) -> str:
    """Say by name what was before, and what is after."""
    return "; ".join(f"{name}: {before} → {after}" for name, (before, after) in change.items())
