"""Charts as numbers for SVG attributes: texts, so that no locale writes them with a comma."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, floor, log10
from typing import Any

from django.utils.timezone import localtime

from durable.admin import show
from durable.authoring.registry import registry
from durable.engine.words import span
from durable.models import RunStatus
from durable.operations.figures import percentile
from durable.operations.series import Series

WIDTH, HEIGHT = 960, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 28
_ORDER = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)  # from the ground up
_LABELS = 8  # times below the bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle."""

    kind: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line of the grid, or a time, with its text."""

    at: str
    text: str


def bars(series: Series) -> dict[str, Any]:
    """Draw runs per minute by status, one upon the other."""
    tops = [sum(series.rate(kind, n) for kind in _ORDER) for n in range(series.length)]
    most = nice(max(tops, default=0.0))
    width = (WIDTH - LEFT - RIGHT) / series.length
    drawn = []
    for number in range(series.length):
        ground = float(HEIGHT - BOTTOM)
        for kind in _ORDER:
            height = series.rate(kind, number) / most * (HEIGHT - TOP - BOTTOM)
            if not height:
                continue
            height = max(height, 1.0)  # a single failure among thousands is to be seen
            ground -= height
            x = LEFT + number * width
            gap = min(1.0, width / 5)
            drawn.append(
                Bar(
                    kind=str(kind),
                    x=_text(x + gap / 2),
                    y=_text(max(ground, TOP)),
                    width=_text(width - gap),
                    height=_text(min(height, HEIGHT - BOTTOM - TOP)),
                )
            )
    return {
        "bars": drawn,
        "grid": [_grid(most, part / 4) for part in range(5)],
        "times": _times(series, width),
        "totals": [
            {"kind": str(kind), "label": kind.label, "count": show.number(series.total(kind))}
            for kind in _ORDER
        ],
        "rows": _hours(series),
    }


def nice(most: float) -> float:
    """Return a round number that is not less."""
    if most <= 0:
        return 1.0
    size = 10.0 ** floor(log10(most))
    return next(size * step for step in (1, 2, 4, 5, 8, 10, 20) if size * step >= most)


def _grid(most: float, share: float) -> Mark:
    value = most * share
    text = show.number(value) if most >= 100 else f"{value:g}"
    return Mark(at=_text(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)), text=text)


def _times(series: Series, width: float) -> list[Mark]:
    every = max(series.length // _LABELS, 1)
    return [
        Mark(
            at=_text(LEFT + number * width),
            text=f"{localtime(series.begin + number * series.stretch):%H:%M}",
        )
        for number in range(0, series.length, every)
    ]


def _hours(series: Series) -> list[dict[str, Any]]:
    """The same as a table, in a dozen rows."""
    each = ceil(series.length / 12)
    found = []
    for first in range(0, series.length, each):
        begin = localtime(series.begin + first * series.stretch)
        counts = [sum(series.counts[kind][first : first + each]) for kind in _ORDER]
        end = begin + each * series.stretch
        found.append(
            {"time": f"{begin:%H:%M} - {end:%H:%M}", "counts": [show.number(n) for n in counts]}
        )
    return found


def durations(taken: Mapping[str, Counter[int]]) -> dict[str, Any] | None:
    """Draw from where to where the durations of functions reach, on a scale of tenfolds."""
    known = [
        (name, low, high)
        for name, times in taken.items()
        if (low := percentile(times, 0.5)) and (high := percentile(times, 0.95))
    ]
    if not known:
        return None
    least = floor(log10(min(low for _, low, _ in known)))
    most = max(ceil(log10(max(high for *_, high in known))), least + 1)
    left, width = 0, 400

    def x(seconds: float) -> float:
        return left + 8 + (log10(seconds) - least) / (most - least) * (width - 16)

    return {
        "width": width,
        "scale": [
            Mark(at=_text(x(10.0**power)), text=span(timedelta(seconds=10.0**power), units=1))
            for power in range(least, most + 1)
        ],
        "rows": [
            {
                "name": registry.functions[name].name if name in registry.functions else name,
                "p50": span(low),
                "p95": span(high),
                "count": show.number(taken[name].total()),
                "x1": _text(x(low)),
                "x2": _text(max(x(high), x(low) + 1)),
            }
            for name, low, high in sorted(known, key=lambda one: -one[2])
        ],
    }


def _text(value: float) -> str:
    return f"{value:.1f}"
