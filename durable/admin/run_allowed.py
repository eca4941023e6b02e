"""What may be done to a run as it stands, by who asks: no more is offered, and no more is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest

from durable.admin import payload, show
from durable.authoring.registry import registry
from durable.ids import new_id
from durable.models import Run, RunStatus, Step
from durable.models.status import OPEN_STEP

PERMISSIONS = {
    "cancel": "durable.cancel_run",
    "retry": "durable.retry_run",
    "replay": "durable.replay_run",
    "skip": "durable.skip_run",
    "deliver": "durable.signal_run",
    "erase": "durable.erase_run",
}
_TITLES = 1000  # names of steps to choose from
_LONGEST = 64 * 1024  # characters of an input that is offered to be edited


@dataclass(frozen=True, slots=True)
class Choice:
    """A step to do it to."""

    value: str
    label: str


def may(request: HttpRequest, verb: str) -> bool:
    """Whether who asks may do it to runs at all."""
    return bool(request.user.has_perm(PERMISSIONS[verb]))


def offers(
    request: HttpRequest, site: AdminSite, run: Run, steps: Sequence[Step]
) -> dict[str, Any]:
    """Return what is offered: a verb is there if the state and the permissions allow it."""
    is_erased = run.erased is not None or (run.event is not None and run.event.erased is not None)
    open_steps = [step for step in steps if step.status in OPEN_STEP]
    sleeps = [Choice(str(s.pk), s.title) for s in open_steps if s.op == "sleep"]
    waits = [Choice(str(s.pk), _awaited(s)) for s in open_steps if s.op == "wait"]
    is_own = registry.is_own(run.function)
    is_over = run.status in (RunStatus.FAILED, RunStatus.CANCELLED)
    fits = {
        "cancel": not run.is_final,
        "retry": is_over and not is_erased and not is_own and not run.step,
        "replay": not is_erased and not is_own and not run.step,
        "skip": bool(sleeps),
        "deliver": bool(waits),
        "erase": run.is_final and run.erased is None and not run.step,
    }
    offered = {verb for verb, is_fit in fits.items() if is_fit and may(request, verb)}
    urls = {verb: show.url(site, "run", "act", run.pk, verb) for verb in offered}
    return {
        "durable_offers": urls,
        "durable_once": new_id(),
        "durable_sleeps": sleeps,
        "durable_waits": waits,
        "durable_titles": _titles(steps) if "replay" in offered else [],
        "durable_input": _input(request, run) if "replay" in offered else None,
    }


def _awaited(step: Step) -> str:
    event = getattr(getattr(step, "wait", None), "event", "")
    return f"{step.title} ({event})" if event else step.title


def _titles(steps: Sequence[Step]) -> list[str]:
    return list(dict.fromkeys(step.title for step in steps))[:_TITLES]


def _input(request: HttpRequest, run: Run) -> str | None:
    """Return the input to be edited, with secrets hidden; None if it is not for who asks, or too long."""
    if run.event is None or not payload.may_see(request, run.function):
        return None
    return payload.readable(run.event.data) if len(run.event.data) <= _LONGEST else None
