"""Steps: the table on a run's page, the list of all of a run's, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import payload, related_runs, show
from durable.admin.attempt import tries_of
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import Step
from durable.operations.outlook import tries
from durable.operations.search import by_beginning
from durable.store import get_store

_OF_RUN = "run__id__exact"
_HEAD = ("run_link", "title", "place", "mode", "state", "tries", "lost")
_TIMES = ("planned_at", "started_at", "ended_at", "duration")
_ENGINE = ("due", "owner", "claim", "wave", "by", "key")


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin[Step]):
    """The list is in order when it is that of one run."""

    list_display = ("__str__", "state", "run_link", "place", "began", "duration", "error_name")
    lean = ("output", "given", "owner")
    search_fields = ("run",)
    search_help_text = _("The id of a run, whole or its first 8 characters and more.")
    state, duration = show.status, show.duration
    planned_at = show.time_of("planned", _("planned"))
    started_at = show.time_of("started", _("started"))
    ended_at = show.time_of("ended", _("ended"))
    due = show.time_of("due_at", _("due"))
    began = show.ago_of("started", _("started"))

    def prepare(self, steps: Sequence[Step]) -> None:
        """Fetch the runs of a page."""
        related_runs.fetch(steps)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Offer a filter within one run; over all runs it would read every step there is."""
        return ("status",) if _OF_RUN in request.GET else ()

    def get_ordering(self, request: HttpRequest) -> tuple[str]:
        """Show one run's steps in order, and those of all with the newest first."""
        return ("pk",) if _OF_RUN in request.GET else ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Step], search_term: str
    ) -> tuple[QuerySet[Step], bool]:
        """Find the steps of a run."""
        if not search_term:
            return queryset, False
        asked = by_beginning(search_term, "run")
        return queryset.filter(asked) if asked else queryset.none(), False

    def get_fieldsets(self, request: HttpRequest, obj: Step | None = None) -> Any:
        """Show the parts that have something to say."""
        parts: list[tuple[Any, Any]] = [(None, {"fields": _HEAD}), (_("Times"), {"fields": _TIMES})]
        is_open = obj is not None and payload.may_see(request, obj.run.function)
        if obj is not None and obj.error is not None:
            fields = ("failed_with", "traceback") if is_open else ("error_name",)
            parts.append((_("Error"), {"fields": fields}))
        if obj is not None and is_open and obj.given is not None:
            parts.append((_("Arguments"), {"fields": ("arguments",)}))
        if obj is not None and is_open and (obj.large or obj.output is not None):
            parts.append((_("Result"), {"fields": ("result",)}))
        return [*parts, (_("Engine"), {"fields": _ENGINE, "classes": ("collapse",)})]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the failed tries."""
        step = kwargs.get("obj")
        if step is not None:
            context |= tries_of(request, self.admin_site, step.run, step.key)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("step"))
    def title(self, step: Step) -> str:
        """Show the name, and which repetition of it."""
        return step.title

    @admin.display(description=_("run"))
    def run_link(self, step: Step) -> SafeString:
        """Link to the run."""
        label = f"{step.run.function} {show.beginning(step.run_id)}"
        return show.link(self.admin_site, step.run, label)

    @admin.display(description=_("branch"))
    def place(self, step: Step) -> str:
        """Show in which branch of its groups it is."""
        return show.branch(step.branch) or show.EMPTY

    @admin.display(description=_("tries"))
    def tries(self, step: Step) -> int:
        """Show how often it was begun."""
        return tries(step)

    @admin.display(description=_("lost workers"))
    def lost(self, step: Step) -> int:
        """Show how many workers were lost while they held it."""
        return step.crashes

    @admin.display(description=_("result"))
    def result(self, step: Step) -> SafeString | str:
        """Show what it returned."""
        text = payload.output_of(get_store().alias, step, step.run_id, step.key)
        return payload.shown(text, step.run.function)

    @admin.display(description=_("arguments"))
    def arguments(self, step: Step) -> SafeString | str:
        """Show what it was called with."""
        return payload.shown(step.given, step.run.function)

    @admin.display(description=_("error"))
    def error_name(self, step: Step) -> str:
        """Show what kind of error it failed with."""
        return (step.failure or {}).get("name", show.EMPTY)

    @admin.display(description=_("error"))
    def failed_with(self, step: Step) -> str:
        """Show what it failed with."""
        return payload.brief(step.failure) or show.EMPTY

    @admin.display(description=_("traceback"))
    def traceback(self, step: Step) -> SafeString | str:
        """Show where it failed."""
        return payload.stack(step.failure)
