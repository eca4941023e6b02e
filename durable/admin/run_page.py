"""What the page of one run shows, and its fragment while the run lives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext as _

from durable import clock
from durable.admin import payload, show
from durable.admin.payload import Viewer
from durable.admin.run_allowed import offers
from durable.admin.run_lines import Line, boxes, line_of_run, line_of_try, lines_of
from durable.admin.run_rows import MOST, Rows, history, rows_of
from durable.admin.scale import Scale, Tick
from durable.admin.waterfall import Lane, lanes
from durable.engine.words import span, took
from durable.models import Run, StepStatus
from durable.operations.outlook import Outlook
from durable.operations.redact import is_hidden
from durable.own.bulk import progress
from durable.store import get_store

PAGE = 100  # lanes
_KINDS = {"failed": (StepStatus.FAILED,), "open": ("pending", "running", "retrying")}


def parts(request: HttpRequest, site: AdminSite, run: Run) -> dict[str, Any]:
    """Return the context of all parts that change while the run lives."""
    now = clock.now()
    is_open = payload.may_see(request, run.function)
    context = {
        "durable_run": run,
        "durable_is_live": not run.is_final,
        "durable_live_url": show.url(site, "run", "live", run.pk) + _asked(request),
        "durable_progress": _progress(run),
        "durable_is_hidden": is_hidden(run.function),
    }
    if not request.user.has_perm("durable.view_step"):
        return context | _summary(run, Outlook(), now) | offers(request, site, run, ())
    rows = rows_of(run)
    context |= _summary(run, rows.outlook, now)
    context |= offers(request, site, run, rows.steps)
    context |= _picture(request, site, rows, now, is_open=is_open)
    context["durable_values"] = _values(site, run) if is_open else []
    return context | _history(request, site, run)


def _progress(run: Run) -> dict[str, Any] | None:
    found = progress(get_store().alias, run)
    return found and {**found, "passed": found["done"] + found["refused"]}


def _asked(request: HttpRequest) -> str:
    """Keep to the page and filter of the steps that are shown."""
    kept = {name: request.GET[name] for name in ("lanes", "only") if name in request.GET}
    query = request.GET.copy()
    query.clear()
    query.update(kept)
    return f"?{query.urlencode()}" if kept else ""


def _summary(run: Run, outlook: Outlook, now: datetime) -> dict[str, Any]:
    return {
        "durable_state": show.pill(run),
        "durable_why": outlook.why,
        "durable_made": show.exact(run.created),
        "durable_ended": show.exact(run.ended) if run.ended else "",
        "durable_steps_done": outlook.done,
        "durable_steps_total": outlook.total,
        "durable_queued": span((run.started or run.ended or now) - run.created),
        "durable_took": took(run.started, run.ended, now),
        "durable_tried": run.attempt + 1,
        "durable_error": (run.failure or {}).get("name", ""),
    }


def _picture(
    request: HttpRequest, site: AdminSite, rows: Rows, now: datetime, *, is_open: bool
) -> dict[str, Any]:
    run = rows.run
    every = lanes(rows.steps, rows.attempts, now)
    kept = _only(every, request.GET.get("only", ""))
    pages = max(-(-len(kept) // PAGE), 1)
    number = min(_number(request.GET.get("lanes", "")), pages)
    chosen = kept[(number - 1) * PAGE : number * PAGE]
    bars = [bar for lane in every if lane.kind == "step" for bar in lane.bars]
    scale = Scale.of(min(run.created, run.started or run.created), run.ended or now, bars)
    own = [one for one in rows.attempts if not one.key]
    return {
        "durable_lines": lines_of(site, rows, chosen, scale, now, is_open=is_open),
        "durable_run_line": line_of_run(run, bars, scale, now),
        "durable_ticks": [_tick(tick) for tick in scale.ticks()],
        "durable_cuts": [
            {
                "x": f"{cut.left:.3f}%",
                "middle": f"{(cut.left + cut.right) / 2:.3f}%",
                "width": f"{cut.width:.3f}%",
                "label": span(cut.length, units=1),
                "title": _("%(time)s in which nothing was at work") % {"time": span(cut.length)},
            }
            for cut in scale.cuts
        ],
        "durable_groups": _groups(every, scale) if pages > 1 or "only" in request.GET else [],
        "durable_pages": _pages(request, number, pages),
        "durable_only": request.GET.get("only", ""),
        "durable_failed": rows.outlook.counts.get(StepStatus.FAILED, 0),
        "durable_total": len(rows.steps),
        "durable_is_cut": rows.is_cut,
        "durable_most": MOST,
        "durable_own_tries": _own_tries(site, own, run, is_open=is_open),
        "durable_steps_url": f"{show.url(site, 'step', 'changelist')}?run__id__exact={run.pk}",
    }


def _tick(tick: Tick) -> dict[str, Any]:
    words = span(tick.seconds) if tick.seconds else "0"
    label = f"+{words}" if tick.is_after_cut else words
    return {"x": f"{tick.x}%", "label": label, "is_early": tick.x < 2, "is_late": tick.x > 94}


def _only(every: Sequence[Lane], kind: str) -> list[Lane]:
    wanted = _KINDS.get(kind)
    if wanted is None:
        return list(every)
    return [lane for lane in every if lane.kind == "step" and lane.step.status in wanted]


def _number(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _pages(request: HttpRequest, number: int, pages: int) -> list[dict[str, Any]]:
    if pages == 1:
        return []
    query = request.GET.copy()
    found = []
    for page in range(1, pages + 1):
        query["lanes"] = str(page)
        found.append({"number": page, "query": query.urlencode(), "is_current": page == number})
    return found


def _groups(every: Sequence[Lane], scale: Scale) -> list[Line]:
    """The parts of a long run in one picture: what is outside of groups is left to the pages."""
    found = []
    for place, lane in enumerate(every):
        if lane.kind == "group" and lane.depth == 0:
            total, failed = len(lane.steps), lane.count(StepStatus.FAILED)
            words = _("%(done)d of %(total)d steps done, %(failed)d failed, %(open)d open")
            counts = {
                "done": lane.count("done"),
                "total": total,
                "failed": failed,
                "open": lane.open,
            }
            found.append(
                Line(
                    kind="group",
                    depth=0,
                    label=lane.step.name,
                    note=words % counts,
                    boxes=boxes(lane.bars, scale),
                    url=f"?lanes={place // PAGE + 1}#durable-waterfall",
                )
            )
    return found[:PAGE]


def _own_tries(site: AdminSite, tries: Sequence[Any], run: Run, *, is_open: bool) -> Any:
    return [line_of_try(site, one, run, is_open=is_open) for one in tries[-PAGE:]]


def _values(site: AdminSite, run: Run) -> list[Viewer]:
    """What the run was given, and what it made."""
    found = []
    if run.event is not None:
        found.append(_viewer(site, run, _("Input: data of the event"), "event", run.event.data))
    if run.error is not None:
        found.append(
            _viewer(site, run, _("Error and traceback"), "error", run.error, is_json=False)
        )
    if run.large:
        found.append(_viewer(site, run, _("Result"), "run", None))
    elif run.output is not None:
        found.append(_viewer(site, run, _("Result"), "run", run.output))
    return found


def _viewer(
    site: AdminSite, run: Run, label: str, what: str, text: str | None, *, is_json: bool = True
) -> Viewer:
    is_short = is_json and text is not None and len(text) <= payload.INLINE
    return Viewer(
        label=label,
        size=len(text) if text is not None else 0,
        url=show.url(site, "run", "value", run.pk, what, 0),
        key=f"own-{what}",
        text=payload.readable(text) if is_short and text else "",
        brief=payload.glance(text) if is_short and text else "",
    )


def _history(request: HttpRequest, site: AdminSite, run: Run) -> dict[str, Any]:
    if not request.user.has_perm("durable.view_operation"):
        return {}
    found, has_more = history(run)
    rows = []
    for operation in found:
        rows.append(
            {
                "at": show.exact(operation.at),
                "who": operation.who,
                "via": operation.via,
                "action": show.deed(operation.action),
                "change": _change(site, *operation.change),
            }
        )
    return {"durable_history": rows, "durable_more_history": has_more}


def _change(site: AdminSite, before: Any, after: Any) -> list[tuple[str, str, object]]:
    if bulk := after.get("bulk"):
        after = {**after, "bulk": show.link(site, Run(pk=bulk), bulk)}
    names = [*before, *(name for name in after if name not in before)]
    hidden = ("once",)
    return [
        (name, str(before.get(name, "")), after.get(name, ""))
        for name in names
        if name not in hidden and before.get(name) != after.get(name)
    ]
