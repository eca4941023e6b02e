"""The table: one line for each figure on each database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.rounds import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured figure.

    Args:
        what: what was measured, and against what.
        spread: the median of all rounds and the quartiles.
        unit: behind the number; a ratio has none.
        most: the target, if the figure must not be larger.
        least: the target, if it must not be smaller.
        on: database and broker; filled in by who runs the figures.
        figure: its name; filled in as well.
    """

    what: str
    spread: Spread
    unit: str = ""
    most: float | None = None
    least: float | None = None
    on: str = ""
    figure: str = ""

    @property
    def target(self) -> str:
        """The target, and whether it was met."""
        if self.most is not None:
            verdict = "met" if self.spread.median <= self.most else "missed"
            return f"≤ {_number(self.most)}  {verdict}"
        if self.least is not None:
            verdict = "met" if self.spread.median >= self.least else "missed"
            return f"≥ {_number(self.least)}  {verdict}"
        return ""


def table(rows: Sequence[Row]) -> str:
    """Return all rows as text, those of one figure together."""
    lines = [("figure", "on", "median", "quartiles", "target")]
    previous = ""
    for row in sorted(rows, key=lambda row: (_first(rows, row.figure), _first(rows, row.what))):
        if row.figure != previous:
            lines.append(("", "", "", "", ""))
        previous = row.figure
        spread = f"{_number(row.spread.low)} to {_number(row.spread.high)}"
        median = f"{_number(row.spread.median)} {row.unit}"
        lines.append((row.what, row.on, median, spread, row.target))
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column == 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _first(rows: Sequence[Row], word: str) -> int:
    return next(n for n, row in enumerate(rows) if word in (row.figure, row.what))


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
