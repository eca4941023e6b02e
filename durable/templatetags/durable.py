"""`{% load durable %}{% durable_runs_for order %}`: the newest runs about an object of the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.template import Context, Library
from django.urls import NoReverseMatch, reverse

from durable import clock
from durable.access.tenancy import tenant_of
from durable.engine.subject import subject_of
from durable.engine.words import took
from durable.models import Run
from durable.models.lists import having
from durable.operations.explain import explain
from durable.store import get_store

register = Library()
MOST = 20


@register.inclusion_tag("durable/runs_for.html", takes_context=True)
def durable_runs_for(context: Context, one: Model, limit: int = 5) -> Mapping[str, Any]:
    """Show the newest runs about an object, to who may view runs; links lead into the admin.

    Args:
        context: of the template; without a request nobody is known to look, and nothing is shown.
        one: a saved object; runs are about it if their event has it as its `subject`.
        limit: how many runs, 20 at most.
    """
    request = context.get("request")
    user = getattr(request, "user", None) or AnonymousUser()
    if not user.has_perm("durable.view_run"):
        return {"durable_may_view": False}
    try:
        tenant = tenant_of(user)
    except PermissionDenied:
        return {"durable_may_view": False}
    runs = runs_for(one, limit, tenant=tenant)
    return {"durable_may_view": True, "durable_runs": runs}


def runs_for(
    one: Model, limit: int = 5, site: str = "admin", *, tenant: str | None = None
) -> list[Mapping[str, Any]]:
    """Return the newest runs about an object, with what a table shows of each.

    Args:
        one: the object.
        limit: how many, 20 at most.
        site: the name of the admin site to which links lead.
        tenant: the only one whose runs are meant, if there is one.
    """
    alias = get_store().alias
    mine = having(alias, subject=subject_of(one))
    rows = Run.objects.using(alias).filter(mine, step="").order_by("-pk")
    rows = rows if tenant is None else rows.filter(tenant=tenant)
    runs = list(rows.defer("output", "error")[: min(limit, MOST)])
    outlooks = explain(alias, runs)
    return [
        {
            "function": run.function,
            "status": str(run.status),
            "label": run.get_status_display(),
            "why": outlooks[run.pk].why,
            "steps": f"{outlooks[run.pk].done}/{outlooks[run.pk].total}",
            "created": run.created,
            "took": took(run.started, run.ended, clock.now()),
            "url": _url(run, site),
        }
        for run in runs
    ]


def _url(run: Run, site: str) -> str:
    """Return the address of a run's page; nothing on a site without the admin."""
    try:
        return reverse("admin:durable_run_change", args=[run.pk], current_app=site)
    except NoReverseMatch:
        return ""
