"""How far runs are, and in words why one is not moving: for people who look at them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.db.models.functions import Substr
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from durable import clock, codec
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine.overrides import overrides
from durable.engine.words import span
from durable.models import Attempt, Run, RunStatus, Step, StepStatus, Wait, Worker
from durable.models.status import FINAL_RUN, OPEN_STEP
from durable.playback.request import NOBODYS
from durable.store import get_store

_NAME = re.compile(r'"name":("(?:[^"\\]|\\.)*")')
_OWN_REASONS = (
    gettext_noop("The function is paused."),
    gettext_noop("It was cancelled by hand."),
    gettext_noop("It was cancelled by durable.cancel."),
)
_FRESH = 1.0  # seconds for which nobody asks why a due run has not been taken


@dataclass(slots=True)
class Outlook:
    """What is known of a run besides its row."""

    counts: dict[str, int] = field(default_factory=dict)  # its steps, by status
    due: datetime | None = None  # when its next open step may be claimed
    asleep: Counter[str] = field(
        default_factory=Counter
    )  # open steps that time or others end, by kind
    event: str = ""  # one of those it waits for
    failed: Attempt | None = None  # its last failed try, while it may be tried again
    silent: float | None = None  # seconds since any worker was seen, if it waits for one in vain
    why: str = ""  # why it is not moving, or what it failed with

    @property
    def done(self) -> int:
        """Steps that have ended."""
        return self.total - sum(self.counts.get(status, 0) for status in OPEN_STEP)

    @property
    def total(self) -> int:
        """Steps known so far."""
        return sum(self.counts.values())


def explain(alias: str, runs: Iterable[Run]) -> Mapping[UUID, Outlook]:
    """Look at runs together, in two queries."""
    found = {run.pk: Outlook() for run in runs}
    runs = list(runs)
    steps = Step.objects.using(alias).filter(run__in=list(found)).order_by()
    for row in steps.values("run", "status", "op").annotate(count=Count("pk"), due=Min("due_at")):
        outlook = found[row["run"]]
        outlook.counts[row["status"]] = outlook.counts.get(row["status"], 0) + row["count"]
        if row["op"] in NOBODYS and row["status"] in OPEN_STEP:
            outlook.asleep[row["op"]] += row["count"]
        if row["status"] in (StepStatus.PENDING, StepStatus.RETRYING) and row["due"]:
            outlook.due = min(outlook.due or row["due"], row["due"])
    for attempt in _last_failures(alias, [run.pk for run in runs if run.status not in FINAL_RUN]):
        found[attempt.run_id].failed = attempt
    waiting = [run.pk for run in runs if found[run.pk].asleep["wait"]]
    if waiting:
        rows = Wait.objects.using(alias).filter(run__in=waiting, step__isnull=False)
        for pk, event in rows.order_by("-pk").values_list("run", "event"):
            found[pk].event = event
    now = clock.now()
    silent = _silence(alias, now) if any(_is_stale(run, now) for run in runs) else None
    for run in runs:
        found[run.pk].silent = silent
        found[run.pk].why = _why(run, found[run.pk], now)
    for pk, name in _names_of_errors(alias, [r.pk for r in runs if r.status == RunStatus.FAILED]):
        found[pk].why = name
    return found


def outlook_of(run: Run, steps: Iterable[Step], attempts: Iterable[Attempt]) -> Outlook:
    """Look at one run whose rows are at hand, steps with their waits, attempts in order."""
    outlook = Outlook()
    keys = set()
    for step in steps:
        outlook.counts[step.status] = outlook.counts.get(step.status, 0) + 1
        if step.status not in OPEN_STEP:
            continue
        keys.add(step.key)
        if step.op in NOBODYS:
            outlook.asleep[step.op] += 1
        if step.op == "wait" and not outlook.event:
            outlook.event = getattr(getattr(step, "wait", None), "event", "")
        if step.status in (StepStatus.PENDING, StepStatus.RETRYING) and step.due_at:
            outlook.due = min(outlook.due or step.due_at, step.due_at)
    for attempt in attempts:
        if attempt.key in keys or (not attempt.key and run.attempt):
            outlook.failed = attempt
    now = clock.now()
    outlook.silent = _silence(get_store().alias, now) if _is_stale(run, now) else None
    outlook.why = _why(run, outlook, now)
    return outlook


def _is_stale(run: Run, now: datetime) -> bool:
    """Whether a run is due and nobody takes it."""
    if run.status != RunStatus.QUEUED or run.due_at is None:
        return False
    return (now - run.due_at).total_seconds() >= _FRESH


def _silence(alias: str, now: datetime) -> float | None:
    """Return the seconds since any worker was seen, None if one is there, or none ever told of itself."""
    seen = Worker.objects.using(alias).aggregate(last=Max("seen"))["last"]
    silent = None if seen is None else (now - seen).total_seconds()
    return None if silent is None or silent < 2 * conf.LEASE else silent


def name_of_error(start: str | None) -> str:
    """Return what a stored error is called, from its beginning."""
    name = _NAME.search(start or "")
    return str(codec.decode(name[1])) if name else ""


def _names_of_errors(alias: str, runs: list[UUID]) -> Iterable[tuple[UUID, str]]:
    """Name what runs failed with; a traceback may be long, so only its beginning is read."""
    if not runs:
        return
    rows = Run.objects.using(alias).filter(pk__in=runs).annotate(start=Substr("error", 1, 500))
    for pk, start in rows.values_list("pk", "start"):
        yield pk, name_of_error(start)


def _last_failures(alias: str, runs: list[UUID]) -> Iterable[Attempt]:
    if not runs:
        return ()
    rows = Attempt.objects.using(alias)
    step = Step.objects.filter(run=OuterRef("run"), key=OuterRef("key"), status__in=OPEN_STEP)
    to_be_retried = Q(key="", run__attempt__gt=0) | Exists(step)
    mine = rows.filter(to_be_retried, run__in=runs).order_by()
    return rows.filter(pk__in=mine.values("run").annotate(last=Max("pk")).values("last"))


def _why(run: Run, outlook: Outlook, now: datetime) -> str:
    match run.status:
        case RunStatus.QUEUED:
            return _because(run, _why_queued(run, outlook, now))
        case RunStatus.RUNNING:
            return _why_running(run, now)
        case RunStatus.WAITING:
            return _because(run, _why_waiting(run, outlook, now))
        case RunStatus.CANCELLED:
            return _told(run)
        case _:
            return ""


def _because(run: Run, words: str) -> str:
    return f"{_told(run)} {words[:1].upper()}{words[1:]}".strip() if run.reason else words


def _told(run: Run) -> str:
    """Return the reason that is kept with a run; what durable itself says, in the reader's language."""
    return _(run.reason) if run.reason in _OWN_REASONS else run.reason


def _why_queued(run: Run, outlook: Outlook, now: datetime) -> str:
    if run.due_at is None:
        return ""  # it is held back; its reason says why
    due = run.due_at
    if due <= now:
        waited = (now - max(due, run.created)).total_seconds()  # a priority moves `due_at` back
        if waited < _FRESH:
            return _("queued")
        if outlook.silent is not None:
            return _("queued: no worker seen for %(time)s") % {"time": span(outlook.silent)}
        return _("no worker has taken it for %(time)s") % {"time": span(waited)}
    if run.reason:
        return _("looked at again in %(left)s") % _until(due, now)
    if run.attempt or outlook.counts.get(StepStatus.RETRYING):
        return _retry(run, outlook, due, now)
    if run.started is None:
        return _("starts at the time of its event, %(time)s, in %(left)s") % _until(due, now)
    return _("due in %(left)s") % _until(due, now)


def _why_running(run: Run, now: datetime) -> str:
    if run.due_at is not None and run.due_at <= now:
        silent = span(now - run.due_at)
        return _("its worker is silent; its lease passed %(time)s ago") % {"time": silent}
    if run.crashes:
        words = ngettext(
            "running again after a lost worker",
            "running again after %(count)d lost workers",
            run.crashes,
        )
        return words % {"count": run.crashes}
    return ""


def _why_waiting(run: Run, outlook: Outlook, now: datetime) -> str:
    if not run.pending:
        return _("waiting to be woken")
    if outlook.asleep.total() == run.pending:
        return _why_asleep(outlook, outlook.due, now)
    words = ngettext(
        "waiting for %(count)d parallel step", "waiting for %(count)d parallel steps", run.pending
    ) % {"count": run.pending}
    running = outlook.counts.get(StepStatus.RUNNING, 0)
    if running:
        return words + "; " + _("%(count)d running") % {"count": running}
    if outlook.due is None:
        return words
    if outlook.due > now:
        return words + "; " + _retry(run, outlook, outlook.due, now)
    waited = (now - outlook.due).total_seconds()
    if waited < _FRESH:
        return words
    return words + "; " + _("no worker has taken one for %(time)s") % {"time": span(waited)}


def _why_asleep(outlook: Outlook, due: datetime | None, now: datetime) -> str:
    """It rests until something comes that is no work of a worker's."""
    words = []
    if outlook.asleep["sleep"]:
        words.append(_("sleeping until %(time)s, %(left)s left") % _until(due, now))
    if count := outlook.asleep["wait"]:
        text = ngettext(
            "waiting for event %(event)s",
            "waiting for %(count)d events, %(event)s and others",
            count,
        ) % {"event": outlook.event, "count": count}
        left = _(", %(left)s left") % _until(due, now)
        words.append(text + ("" if outlook.asleep["sleep"] else left))
    if count := outlook.asleep["invoke"]:
        text = ngettext(
            "waiting for %(count)d invoked run", "waiting for %(count)d invoked runs", count
        )
        words.append(text % {"count": count})
    if count := outlook.asleep["child"]:
        text = ngettext(
            "waiting for %(count)d run of a step", "waiting for %(count)d runs of steps", count
        )
        words.append(text % {"count": count})
    return "; ".join(words)


def _retry(run: Run, outlook: Outlook, due: datetime, now: datetime) -> str:
    failed = outlook.failed
    left = _until(due, now)
    if failed is None:
        return _("next try in %(left)s") % left
    return _("retry %(number)d of %(most)d in %(left)s: %(what)s") % {
        **left,
        "number": failed.number + 1,
        "most": _retries(run.function),
        "what": _failure(failed),
    }


def _failure(attempt: Attempt) -> str:
    # A traceback may be long: whoever has many at hand reads the beginning only.
    start = getattr(attempt, "start", None)
    name = attempt.failure["name"] if start is None else name_of_error(start)
    return (
        _("%(error)s in %(step)s") % {"error": name, "step": attempt.name} if attempt.name else name
    )


def _retries(function_id: str) -> int:
    function = registry.functions.get(function_id)
    overrides.look(get_store())
    said = overrides.of(function_id).retries
    own = conf.RETRIES if function is None or function.retries is None else function.retries
    return int(own if said is None else said)


def _until(due: datetime | None, now: datetime) -> dict[str, str]:
    due = due or now
    return {"time": f"{localtime(due):%Y-%m-%d %H:%M:%S}", "left": span(due - now)}


def tries(step: Step) -> int:
    """Return how often a step was begun; `attempt` counts failures that were not its last."""
    waits = step.status in (StepStatus.PENDING, StepStatus.RETRYING)
    return step.attempt + (step.started is not None and not waits)
