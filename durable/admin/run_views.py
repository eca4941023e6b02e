"""What the page of a run fetches: its fragment while the run lives, and values when they are opened."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, Max, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.response import TemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language

from durable import clock
from durable.admin import payload
from durable.admin.run_page import parts
from durable.admin.run_rows import children_of, with_kin
from durable.models import Attempt, Operation, Run, Step
from durable.store import get_store

_GROWS = 200  # the picture is drawn anew when it would have grown by this part of its width
_MARKS = ("mark_of_steps", "last_try", "last_deed")
_NOTHING = Value("-")
_PLAIN = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def live(admin: ModelAdmin[Run], request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the parts of the page that change, or that nothing has changed."""
    run = _run(admin, request, with_kin(_with_marks(admin.get_queryset(request), pk)), pk)
    etag = f'"{_print(request, run)}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        context = {
            **admin.admin_site.each_context(request),
            **parts(request, admin.admin_site, run),
        }
        response = TemplateResponse(request, "admin/durable/run/parts.html", context)
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _print(request: HttpRequest, run: Run) -> str:
    """Return a fingerprint of all that the fragment shows, of a run that came with its marks."""
    seen: list[Any] = [getattr(run, name) for name in _MARKS]
    for child in children_of(get_store().alias, run):
        seen += [child.pk, child.status, child.started, child.stumbles]
    seen += [run.status, run.claim, run.wake, run.pending, run.due_at, run.attempt, run.ended]
    seen += [run.erased, request.GET.urlencode(), request.user.pk, get_language()]
    seen += sorted(request.user.get_all_permissions()) if not request.user.is_superuser else ["*"]
    if not run.is_final:
        age = (clock.now() - run.created).total_seconds()
        seen.append(int(clock.now().timestamp() / max(1.0, age / _GROWS)))
    return sha256(repr(seen).encode()).hexdigest()[:32]


def _with_marks(runs: QuerySet[Run], pk: UUID) -> QuerySet[Run]:
    """Have a run come with marks of its steps, failed tries and operations, in a few looks at indexes."""
    steps = Step.objects.filter(run=OuterRef("pk")).order_by().values("run")
    parts = (
        *(Count("pk"), Max("pk"), Sum("claim"), Max("ended"), Max("started")),
        *(Sum("attempt"), Count("ended")),
    )
    said = [Coalesce(Cast(one, CharField()), _NOTHING) for one in parts]
    mark = Concat(*[piece for one in said for piece in (one, _NOTHING)])
    tries = Attempt.objects.filter(run=OuterRef("pk")).order_by("-pk")
    book = Operation.objects.filter(kind="run", target=str(pk)).order_by("-pk")
    found = (steps.annotate(mark=mark).values("mark"), tries.values("pk"), book.values("pk"))
    marks = zip(_MARKS, found, strict=True)
    return runs.annotate(**{name: Subquery(rows[:1]) for name, rows in marks})


def value(
    admin: ModelAdmin[Run], request: HttpRequest, pk: UUID, what: str, number: int
) -> HttpResponse:
    """Answer with one value as plain text, which no browser takes for anything else."""
    run = _run(admin, request, admin.get_queryset(request).select_related("event"), pk)
    if not payload.may_see(request, run.function):
        raise PermissionDenied
    text = _text(run, what, number)
    if text is None:
        raise Http404
    response = HttpResponse(text, content_type="text/plain; charset=utf-8", headers=_PLAIN)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _text(run: Run, what: str, number: int) -> str | None:
    alias = get_store().alias
    if what in ("step", "step-error", "step-given"):
        step = Step.objects.using(alias).filter(run=run, pk=number).first()
        if step is None:
            return None
        if what == "step-error":
            return payload.trace(step.failure) or None
        if what == "step-given":
            return _json(step.given)
        return _json(payload.output_of(alias, step, run.pk, step.key))
    if what == "try":
        attempt = Attempt.objects.using(alias).filter(run=run, pk=number).first()
        return None if attempt is None else payload.trace(attempt.failure)
    if what == "event":
        return None if run.event is None else _json(run.event.data)
    if what == "error":
        return payload.trace(run.failure) or None
    return _json(payload.output_of(alias, run, run.pk, "")) if what == "run" else None


def _json(text: str | None) -> str | None:
    return None if text is None else payload.readable(text)


def _run(admin: ModelAdmin[Run], request: HttpRequest, rows: QuerySet[Run], pk: UUID) -> Run:
    run = rows.filter(pk=pk).first()
    if run is None:
        raise Http404
    if not admin.has_view_permission(request, run):
        raise PermissionDenied
    return run
