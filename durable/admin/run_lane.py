"""The lane of the run itself: at work, but for the time in which all that is known of it is rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from durable.admin.scale import Scale
from durable.admin.waterfall import Bar
from durable.models import Run

# Who rests in several ways at once is said to do the first of these.
_ORDER = ("queue", "backoff", "invoke", "wait", "sleep")
_SEEN = 0.8  # per cent of the picture: shorter rests are left out


def bars_of_run(run: Run, steps: Sequence[Bar], scale: Scale, now: datetime) -> list[Bar]:
    """Return its time in the queue, and then its work and its rests in turn.

    Args:
        run: the run.
        steps: the bars of all its steps.
        scale: of the picture.
        now: where it ends, if it has not ended.
    """
    found = [Bar("queue", scale.begin, run.started or run.ended or now, run.started is None)]
    if run.started is None:
        return found
    here, end = run.started, run.ended or now
    kind = str(run.status) if run.is_final else "running"
    for rest in rests(steps):
        begin, until = max(rest.begin, here), min(rest.end, end)
        if scale.x(until) - scale.x(begin) < _SEEN:
            continue
        if begin > here:
            found.append(Bar(kind, here, begin, is_part=True))
        is_last = until == end and not run.is_final
        found.append(Bar(rest.kind, begin, until, is_open=is_last))
        here = until
    if run.is_final:
        found.append(Bar(kind, here, end))
    elif here < end:
        found.append(Bar("run", here, end, is_open=True))
    return found


def rests(bars: Iterable[Bar]) -> list[Bar]:
    """Return the times in which a step rested and none was at work."""
    changes: dict[datetime, Counter[str]] = {}
    for bar in bars:
        kind = bar.kind if bar.is_rest else "work"
        changes.setdefault(bar.begin, Counter())[kind] += 1
        changes.setdefault(bar.end, Counter())[kind] -= 1
    found: list[Bar] = []
    active: Counter[str] = Counter()
    for begin, end in pairwise(sorted(changes)):
        active.update(changes[begin])
        kind = "" if active["work"] else next((one for one in _ORDER if active[one]), "")
        if kind and found and (found[-1].kind, found[-1].end) == (kind, begin):
            found[-1] = Bar(kind, found[-1].begin, end)
        elif kind:
            found.append(Bar(kind, begin, end))
    return found
