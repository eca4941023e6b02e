"""Health: what `manage.py durable_health` says, as a page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from durable.admin import show
from durable.admin.person import require
from durable.admin.readonly import ReadOnlyAdmin
from durable.engine.words import span
from durable.models import Run, Worker
from durable.operations.health.facts import NAMED, facts
from durable.operations.health.look import look
from durable.operations.health.values import Cluster, Health, Level, Seen, Stuck
from durable.store import get_store


@admin.register(Worker)
class HealthAdmin(ReadOnlyAdmin[Worker]):
    """One page about all workers, the work that waits for them, the database and the broker."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Look, and say it in plain words."""
        require(request, "view_worker")
        health = look(get_store())
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Health"),
            "opts": self.opts,
            "media": self.media,
            "verdict": _verdict(health),
            "at": show.exact(health.at),
            "concerns": [
                {"badge": _level(one.level), "text": one.text, "advice": one.advice}
                for one in health.concerns
            ],
            "facts": list(facts(health)),
            "functions": health.backlog.functions,
            "workers": [
                _worker(cluster, one) for cluster in health.clusters for one in cluster.workers
            ],
            "versions": _versions(health),
            "stuck": [self._stuck(one) for one in health.stuck],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/durable/worker/change_list.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is no page of one worker."""
        raise Http404

    def _stuck(self, one: Stuck) -> dict[str, Any]:
        return {
            "run": show.link(self.admin_site, Run(pk=one.run), one.function),
            "step": one.step,
            "owner": one.owner,
            "late": span(one.late),
        }


def _verdict(health: Health) -> Any:
    if health.level is None:
        return show.badge("completed", "✓", _("All is well"))
    return _level(health.level)


def _level(level: Level) -> Any:
    if level is Level.CRITICAL:
        return show.badge("failed", "✗", _("critical"))
    return show.badge("retrying", "!", _("warning"))


def _versions(health: Health) -> list[dict[str, Any]]:
    """What the workers know, the functions first of which they know several versions."""
    mixed = set(health.mixed)
    return [
        {
            "function": one.function,
            "version": one.version,
            "badge": _level(Level.WARNING) if one in mixed else "",
            "is_here": one.is_here,
            "count": len(one.workers),
            "all": len(health.alive),
            "workers": ", ".join(one.workers[:NAMED]) + (" …" if one.workers[NAMED:] else ""),
        }
        for one in sorted(health.versions, key=lambda one: one not in mixed)
    ]


def _worker(cluster: Cluster, one: Seen) -> dict[str, Any]:
    alive = show.badge("completed", "✓", _("there"))
    return {
        "state": alive if one.is_alive else show.badge("cancelled", "⊘", _("gone")),
        "cluster": cluster.name,
        "host": one.host,
        "pid": one.pid,
        "kind": _("durable_worker") if cluster.is_supervised else _("plain qcluster"),
        "version": one.version,
        "seen": _("%s ago") % span(one.silent, units=1),
        "started": show.ago(one.started),
        "claims": show.number(one.claims),
        "hints": show.number(one.hints),
        "rate": show.number(one.rate),
    }
