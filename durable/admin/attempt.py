"""Failed tries: the table on the pages of runs and steps, the list, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import payload, related_runs, show
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import Attempt, Run
from durable.operations.search import by_beginning
from durable.store import get_store

MOST = 100  # tries that a page of a run or step shows, the newest


def tries_of(request: HttpRequest, site: AdminSite, run: Run, key: str) -> dict[str, Any]:
    """Return what the table of failed tries of a step shows."""
    if not request.user.has_perm("durable.view_attempt"):
        return {}
    rows = Attempt.objects.using(get_store().alias).filter(run=run, key=key).order_by("-pk")
    is_open = payload.may_see(request, run.function)
    found = list(rows[: MOST + 1])
    return {
        "failed_tries": [_row(site, attempt, is_open=is_open) for attempt in found[:MOST][::-1]],
        "more_tries": len(found) > MOST,
        "most_tries": MOST,
        "tries_url": f"{show.url(site, 'attempt', 'changelist')}?run__id__exact={run.pk}",
    }


def _row(site: AdminSite, attempt: Attempt, *, is_open: bool) -> dict[str, Any]:
    return {
        "link": show.link(site, attempt, step_of(attempt)),
        "number": attempt.number + 1,
        "ended": show.exact(attempt.ended),
        "error": payload.brief(attempt.failure) if is_open else attempt.failure["name"],
    }


def step_of(attempt: Attempt) -> str:
    """Say what was tried."""
    return attempt.name or str(_("the function's own code"))


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    """History: these rows never change."""

    list_display = ("what", "tried", "run_link", "failed", "error_name")
    search_fields = ("run",)
    search_help_text = _("The id of a run, whole or its first 8 characters and more.")
    started_at = show.time_of("started", _("started"))
    failed = show.ago_of("ended", _("failed"))
    ended_at = show.time_of("ended", _("ended"))

    def prepare(self, attempts: Sequence[Attempt]) -> None:
        """Fetch the runs of a page."""
        related_runs.fetch(attempts)

    def get_fieldsets(self, request: HttpRequest, obj: Attempt | None = None) -> Any:
        """Show the message and the traceback to who may see payloads."""
        is_open = obj is not None and payload.may_see(request, obj.run.function)
        error = ("failed_with", "code", "traceback") if is_open else ("error_name", "code")
        head = ("run_link", "what", "tried", "started_at", "ended_at")
        return [(None, {"fields": head}), (_("Error"), {"fields": error})]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Attempt], search_term: str
    ) -> tuple[QuerySet[Attempt], bool]:
        """Find the failed tries of a run."""
        if not search_term:
            return queryset, False
        asked = by_beginning(search_term, "run")
        return queryset.filter(asked) if asked else queryset.none(), False

    @admin.display(description=_("step"))
    def what(self, attempt: Attempt) -> str:
        """Say what was tried."""
        return step_of(attempt)

    @admin.display(description=_("try"))
    def tried(self, attempt: Attempt) -> int:
        """Count from one, as people do."""
        return attempt.number + 1

    @admin.display(description=_("run"))
    def run_link(self, attempt: Attempt) -> SafeString:
        """Link to the run."""
        label = f"{attempt.run.function} {show.beginning(attempt.run_id)}"
        return show.link(self.admin_site, attempt.run, label)

    @admin.display(description=_("error"))
    def error_name(self, attempt: Attempt) -> str:
        """Show what kind of error it failed with."""
        return attempt.failure["name"]

    @admin.display(description=_("error"))
    def failed_with(self, attempt: Attempt) -> str:
        """Show what it failed with."""
        return payload.brief(attempt.failure)

    @admin.display(description=_("code"))
    def code(self, attempt: Attempt) -> SafeString:
        """Show the kind of error, as programs know it."""
        return show.code(attempt.failure["code"])

    @admin.display(description=_("traceback"))
    def traceback(self, attempt: Attempt) -> SafeString | str:
        """Show where it failed."""
        return payload.stack(attempt.failure)
