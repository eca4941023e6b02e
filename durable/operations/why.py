"""Why a run is not moving, in words."""

from __future__ import annotations

from datetime import datetime
from math import inf

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from durable.engine.words import span
from durable.models import Attempt, Run, RunStatus, StepStatus
from durable.operations.outlook import Outlook, name_of_error

_OWN_REASONS = (
    gettext_noop("The function is paused."),
    gettext_noop("It met an error inside durable: see the workers' log (durable.engine)."),
    gettext_noop("It was cancelled by hand."),
    gettext_noop("It was cancelled by durable.cancel."),
)
FRESH = 1.0  # seconds for which nobody asks why a due run has not been taken


def why(run: Run, outlook: Outlook, now: datetime) -> str:
    """Say why a run is not moving; "" if it moves, or has ended by itself."""
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
        if waited < FRESH:
            return _("queued")
        if outlook.silent == inf:
            said = _("queued for %(time)s, and no worker is there: start durable_worker")
            return said % {"time": span(waited)}
        if outlook.silent is not None:
            return _("queued: no worker seen for %(time)s") % {"time": span(outlook.silent)}
        return _("no worker has taken it for %(time)s") % {"time": span(waited)}
    if run.reason:
        return _("looked at again in %(left)s") % _until(due, now)
    if run.attempt or outlook.counts.get(StepStatus.RETRYING):
        return _retry(outlook, due, now)
    if run.started is None:
        return _("starts at the time of its event, %(time)s, in %(left)s") % _until(due, now)
    return _("due in %(left)s") % _until(due, now)


def _why_running(run: Run, now: datetime) -> str:
    if run.reason:
        return _told(run)  # whoever takes it clears that
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
        return words + "; " + _retry(outlook, outlook.due, now)
    waited = (now - outlook.due).total_seconds()
    if waited < FRESH:
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


def _retry(outlook: Outlook, due: datetime, now: datetime) -> str:
    failed = outlook.failed
    left = _until(due, now)
    if failed is None or failed.retries is None:
        return _("next try in %(left)s") % left
    return _("retry %(number)d of %(most)d in %(left)s: %(what)s") % {
        **left,
        "number": failed.number + 1,
        "most": failed.retries,
        "what": _failure(failed),
    }


def _failure(attempt: Attempt) -> str:
    # A traceback may be long: whoever has many at hand reads the beginning only.
    start = getattr(attempt, "start", None)
    name = attempt.failure["name"] if start is None else name_of_error(start)
    return (
        _("%(error)s in %(step)s") % {"error": name, "step": attempt.name} if attempt.name else name
    )


def _until(due: datetime | None, now: datetime) -> dict[str, str]:
    due = due or now
    return {"time": f"{localtime(due):%Y-%m-%d %H:%M:%S}", "left": span(due - now)}
