"""The terminal: a block that is redrawn in place, or plain lines where there is no terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TextIO

from project.demo.progress import Group, View

WIDTH = 32
STRIDE = 25  # per cent between two plain lines


class Screen:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_live = out.isatty()
        self._drawn = 0
        self._said: set[str] = set()
        self._full, self._empty, self._tick = "█░✓" if _can_print("█░✓", out) else "#.+"

    def say(self, text: str = "") -> None:
        """Print a line that stays, above the block."""
        self._erase()
        self._out.write(f"{text}\n")
        self._out.flush()

    def show(self, views: list[View]) -> None:
        """Draw how far the runs are; in plain mode, say what is new."""
        if self._is_live:
            self._draw([line for view in views for line in self._block(view)])
        else:
            self._report([line for view in views for line in _milestones(view)])

    def say_all(self, lines: Iterable[str]) -> None:
        """Leave the block as it stands, and print lines below it."""
        self._drawn = 0
        for line in lines:
            self.say(line)

    def _draw(self, lines: list[str]) -> None:
        self._erase()
        columns = shutil.get_terminal_size().columns - 1
        self._out.write("".join(f"{line[:columns]}\n" for line in lines))
        self._out.flush()
        self._drawn = len(lines)

    def _erase(self) -> None:
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _report(self, lines: list[str]) -> None:
        for line in lines:
            if line not in self._said:
                self._said.add(line)
                self.say(line)

    def _block(self, view: View) -> list[str]:
        return [
            f"{view.function}  {view.run.status}",
            *(f"  {self._line(group)}" for group in view.groups),
        ]

    def _line(self, group: Group) -> str:
        if not group.is_parallel:
            return f"{self._tick if group.done else ' '} {group.label}{_retries(group)}"
        full = WIDTH * group.done // group.total
        bar = self._full * full + self._empty * (WIDTH - full)
        counts = (
            f"{group.done}/{group.total} done, {group.running} running, {group.waiting} waiting"
        )
        return f"  {bar}  {counts}{_retries(group)}  {group.label}"


def _milestones(view: View) -> list[str]:
    lines = [f"{view.function}: {group.label}: {_reached(group)}" for group in view.groups]
    return [*lines, f"{view.function}: {view.run.status}"] if view.is_final else lines


def _reached(group: Group) -> str:
    if not group.is_parallel:
        return "done" if group.done else "begun"
    percent = 100 * group.done // group.total
    return f"{percent - percent % STRIDE} % of {group.total}"


def _retries(group: Group) -> str:
    return (
        f", {group.retries} {'retry' if group.retries == 1 else 'retries'}" if group.retries else ""
    )


def _can_print(text: str, out: TextIO) -> bool:
    try:
        text.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
