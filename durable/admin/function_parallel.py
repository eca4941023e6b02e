"""How the groups of a function run, and what that brought its last runs, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable.admin.function_rows import Row
from durable.engine.words import span
from durable.operations.parallelism import RUNS, Parallelism, parallelism
from durable.store import get_store

_HARDLY = 1.2  # times as fast, below which nothing was gained


def part(row: Row) -> dict[str, Any]:
    """Return what the page of a function shows of its groups."""
    found = parallelism(get_store().alias, row.last)
    return {
        "found": found and _in_words(found),
        "advice": found and _advice(found, is_fanned=row.is_fanned),
        "most_runs": RUNS,
    }


def _in_words(found: Parallelism) -> dict[str, Any]:
    return {
        "looked_at": _looked_at(found),
        "width": _width(found),
        "steps": found.steps,
        "usual": span(found.usual),
        "longest": span(found.longest),
        "waited": span(found.waited),
        "apart": found.apart,
        "gain": _gain(found),
    }


def _looked_at(found: Parallelism) -> str:
    steps = ngettext("%(count)s planned step", "%(count)s planned steps", found.steps)
    waves = ngettext("in %(count)d wave", "in %(count)d waves", found.waves)
    runs = ngettext("of %(count)d completed run", "of %(count)d completed runs", found.runs)
    counted = ((steps, found.steps), (waves, found.waves), (runs, found.runs))
    return " ".join(text % {"count": count} for text, count in counted)


def _width(found: Parallelism) -> str:
    steps = ngettext("%(count)d step", "%(count)d steps", found.widest) % {"count": found.widest}
    at_once = ngettext(
        "at most %(count)d was at work at the same moment",
        "at most %(count)d were at work at the same moment",
        found.most_at_once,
    )
    return f"{steps}; {at_once % {'count': found.most_at_once}}"


def _gain(found: Parallelism) -> str:
    times = {"bodies": span(found.bodies), "elapsed": span(found.elapsed)}
    if found.is_mostly_record:
        return _("%(bodies)s of work took %(elapsed)s with its planning and recording") % times
    text = _("%(bodies)s of work took %(elapsed)s: %(gain)s times as fast as one after the other")
    return text % (times | {"gain": f"{found.gain:.1f}"})


def _advice(found: Parallelism, *, is_fanned: bool) -> str:
    if found.is_mostly_record and not is_fanned:
        return _(
            "Its steps take next to no time: to plan and to record them takes longer than their work, "
            "and more workers would not help. Do more in each step; ctx.group.map puts many items into one."
        )
    if found.widest > 1 and found.gain < _HARDLY and not found.is_mostly_record:
        return _(
            "They ran one after the other, or waited for a worker. More workers would help; for steps "
            "that mostly wait, threads or an async function."
        )
    if found.has_long_steps and not is_fanned:
        return _(
            "Its steps are long. With fan-out each is a run of its own: none waits behind another in the "
            "same batch, a lost worker loses one of them, and the process that planned them is free."
        )
    if not found.has_long_steps and is_fanned:
        return _(
            "Its steps are short. In place, a worker claims many together and records them in one "
            "transaction, which costs less than a run for each."
        )
    return _("The way they are run suits how long they take.")
