"""Lanes of the waterfall and rows of the table beneath it, as templates show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable.admin import payload, show
from durable.admin.payload import Viewer
from durable.admin.run_lane import bars_of_run
from durable.admin.run_rows import Rows, with_values
from durable.admin.scale import Scale
from durable.admin.waterfall import Bar, Lane
from durable.engine.words import span, took
from durable.models import Run, Step, StepStatus
from durable.operations.outlook import name_of_error, tries

_DEEPEST = 6


def word_of(kind: str) -> str:
    """Say what a bar is."""
    words = {
        "queue": _("in the queue"),
        "run": _("running"),
        "done": _("done"),
        "completed": _("completed"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
        "backoff": _("pause before the next try"),
        "sleep": _("sleeping"),
        "wait": _("waiting for an event"),
        "invoke": _("waiting for an invoked run"),
        "child": _("in a run of its own"),
        "group": _("parallel group"),
        "branch": _("branch"),
    }
    return words.get(kind, kind)


@dataclass(frozen=True, slots=True)
class Box:
    """A bar as the template draws it; numbers are texts, for no language may put a comma into them."""

    kind: str
    x: str
    width: str
    title: str
    is_hatched: bool


@dataclass(slots=True, kw_only=True)
class Line:
    """A lane and its row."""

    kind: str
    depth: int
    label: str
    pk: int = 0
    url: str = ""
    state: SafeString | str = ""
    boxes: Sequence[Box] = ()
    note: str = ""
    queued: str = ""
    offset: str = ""
    took: str = ""
    tries: Sequence[Mapping[str, Any]] = ()
    count: int = 0
    error: str = ""
    viewers: list[Viewer] = field(default_factory=list)
    child: SafeString | str = ""
    place: str = ""


def line_of_run(run: Run, steps: Sequence[Bar], scale: Scale, now: datetime) -> Line:
    """Draw the run itself: its time in the queue, and since, by the bars of its steps."""
    bars = bars_of_run(run, steps, scale, now)
    return Line(kind="run", depth=0, label=run.function, boxes=boxes(bars, scale))


def boxes(bars: Sequence[Bar], scale: Scale) -> list[Box]:
    """Place bars on a scale; work lies above the pauses around it."""
    found = []
    for bar, (x, width) in zip(bars, scale.boxes(bars), strict=True):
        length = span(bar.end - bar.begin) + (" …" if bar.is_open else "")
        words = _("at work") if bar.is_part else word_of(bar.kind)
        title = _("try %(number)d") % {"number": bar.number} + ", " if bar.number > 1 else ""
        found.append(Box(bar.kind, f"{x}%", f"{width}%", f"{title}{words}, {length}", bar.is_rest))
    return sorted(found, key=lambda box: not box.is_hatched)


def lines_of(
    site: AdminSite,
    rows: Rows,
    chosen: Sequence[Lane],
    scale: Scale,
    now: datetime,
    *,
    is_open: bool,
) -> list[Line]:
    """Return the lines of some lanes, with values if `is_open` says that they may be seen."""
    steps = [lane.step for lane in chosen if lane.kind == "step"]
    values = with_values(rows.run, [step.pk for step in steps]) if steps else {}
    children = {child.parent_key: child for child in rows.children}
    found = []
    for lane in chosen:
        if lane.kind != "step":
            found.append(_bracket(lane, scale))
            continue
        line = _line(site, lane, rows, scale, now, is_open=is_open)
        child = children.get(lane.step.key)
        if child is not None:
            line.child = _child(site, child, child.stumbles)
        _add_values(line, site, lane.step, values.get(lane.step.pk, {}), is_open=is_open)
        found.append(line)
    return found


def _child(site: AdminSite, child: Run, failed: int) -> SafeString:
    link = show.link(site, child, f"{child.title} {show.beginning(child.pk)}")
    if not failed:
        return link
    said = ngettext("%(count)d failed try", "%(count)d failed tries", failed) % {"count": failed}
    return format_html("{} {}", link, show.aside(said))


def _bracket(lane: Lane, scale: Scale) -> Line:
    failed, total = lane.count(StepStatus.FAILED), len(lane.steps)
    parts = [_("%(done)d of %(total)d steps") % {"done": total - lane.open, "total": total}]
    if failed:
        parts.append(_("%(count)d failed") % {"count": failed})
    if lane.kind == "group":
        label = _("race") if lane.step.mode == "race" else _("in parallel")
    else:
        label = _("branch %(number)d") % {"number": lane.number}
    return Line(
        kind=lane.kind,
        depth=min(lane.depth, _DEEPEST),
        label=label,
        note=", ".join(parts),
        boxes=boxes(lane.bars, scale),
    )


def _line(
    site: AdminSite, lane: Lane, rows: Rows, scale: Scale, now: datetime, *, is_open: bool
) -> Line:
    step = lane.step
    first = lane.bars[0] if lane.bars else None
    failed = [one for one in rows.attempts if one.key == step.key]
    return Line(
        kind="step",
        depth=min(lane.depth, _DEEPEST),
        label=step.title,
        pk=step.pk,
        url=show.url(site, "step", "change", step.pk),
        state=show.pill(step),
        boxes=boxes(lane.bars, scale),
        note=_rest(step, now),
        queued=span(first.end - first.begin) if first and first.kind == "queue" else "",
        offset=f"+{span(step.started - scale.begin)}" if step.started else "",
        took=_took(step, failed, now),
        tries=[line_of_try(site, one, rows.run, is_open=is_open) for one in failed],
        count=tries(step),
        place=show.branch(step.branch),
    )


def _took(step: Step, failed: Sequence[Any], now: datetime) -> str:
    """Say how long the last try took, or has taken; a pause before the next one is none of it."""
    is_resting = step.status == StepStatus.RETRYING
    if is_resting or (step.status == StepStatus.PENDING and step.op == "run"):
        return span(failed[-1].ended - failed[-1].started) if failed else ""
    return took(step.started, step.ended, now)


def _rest(step: Step, now: datetime) -> str:
    """Say of a step that rests until when."""
    if step.status not in (StepStatus.PENDING, StepStatus.RETRYING) or step.due_at is None:
        return ""
    left = {"left": span(step.due_at - now), "time": show.exact(step.due_at)}
    if step.due_at <= now:
        return ""
    if step.op == "wait":
        event = {"event": getattr(getattr(step, "wait", None), "event", "")}
        return _("event %(event)s, %(left)s left") % (left | event)
    if step.op in ("sleep", "invoke"):
        return _("until %(time)s, %(left)s left") % left
    return _("next try in %(left)s") % left


def line_of_try(site: AdminSite, attempt: Any, run: Run, *, is_open: bool) -> Mapping[str, Any]:
    """Describe a failed try; its traceback is for who may see payloads."""
    number = attempt.number + 1
    viewer = Viewer(
        label=_("Traceback of try %(number)d") % {"number": number},
        size=0,
        url=show.url(site, "run", "value", run.pk, "try", attempt.pk),
        key=f"try-{attempt.pk}",
    )
    return {
        "number": number,
        "url": show.url(site, "attempt", "change", attempt.pk),
        "started": show.exact(attempt.started),
        "took": span(attempt.ended - attempt.started),
        "error": name_of_error(attempt.start),
        "viewer": viewer if is_open else None,
    }


def _add_values(
    line: Line, site: AdminSite, step: Step, value: Mapping[str, Any], *, is_open: bool
) -> None:
    line.error = name_of_error(value.get("start"))
    if not is_open:
        return
    if value.get("given") is not None:
        line.viewers.append(_viewer_of_arguments(site, step, value["given"]))
    if value.get("start"):
        url = show.url(site, "run", "value", step.run_id, "step-error", step.pk)
        size = value["length"]
        line.viewers.append(Viewer(label=_("Error"), size=size, url=url, key=f"error-{step.pk}"))
    if value.get("size") is not None:
        line.viewers.append(_viewer_of_step(site, step, value))


def _viewer_of_arguments(site: AdminSite, step: Step, given: str) -> Viewer:
    is_short = len(given) <= payload.INLINE
    return Viewer(
        label=_("Arguments"),
        size=len(given),
        url=show.url(site, "run", "value", step.run_id, "step-given", step.pk),
        key=f"given-{step.pk}",
        text=payload.readable(given) if is_short else "",
        brief=payload.glance(given) if is_short else "",
    )


def _viewer_of_step(site: AdminSite, step: Step, value: Mapping[str, Any]) -> Viewer:
    short: str | None = value.get("short")
    return Viewer(
        label=_("Result"),
        size=value["size"],
        url=show.url(site, "run", "value", step.run_id, "step", step.pk),
        key=f"step-{step.pk}",
        text=payload.readable(short) if short else "",
        brief=payload.glance(short) if short else "",
    )
