"""Charts: runs per minute, how long they take, and what they fail with; from sums, in SVG."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from durable.admin import chart_svg, payload, show
from durable.admin.person import require
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import Run, RunStatus, RunTally
from durable.operations.figures import durations
from durable.operations.series import STRETCHES, FailureGroup, failures, series
from durable.store import get_store


@admin.register(RunTally)
class ChartAdmin(ReadOnlyAdmin[RunTally]):
    """One page; the rows beneath are no use to people one by one."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Draw the charts."""
        require(request, "view_runtally")
        hours = self._hours(request)
        alias = get_store().alias
        found = series(alias, hours)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Charts"),
            "opts": self.opts,
            "media": self.media,
            "hours": hours,
            "choices": sorted(STRETCHES),
            "chart": chart_svg.bars(found),
            "size": chart_svg,
            "has_failed": bool(found.total(RunStatus.FAILED)),
            "is_counted": found.counted_until is not None,
            "durations": chart_svg.durations(durations(alias)),
            "failures": [self._failure(request, one) for one in failures(alias, hours)],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/durable/runtally/change_list.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is no page of one sum."""
        raise Http404

    @staticmethod
    def _hours(request: HttpRequest) -> int:
        asked = request.GET.get("hours", "")
        return int(asked) if asked in {str(one) for one in STRETCHES} else max(STRETCHES)

    def _failure(self, request: HttpRequest, one: FailureGroup) -> dict[str, Any]:
        return {
            "function": one.function,
            "function_url": show.url(
                self.admin_site, "functionconfig", "change", show.quoted(one.function)
            ),
            "name": one.name or _("others"),
            "place": one.place,
            "message": one.message if payload.may_see(request, one.function) else "",
            "count": show.number(one.count),
            "last": show.ago(one.last),
            "run": show.link(self.admin_site, Run(pk=one.run), show.beginning(one.run)),
        }
