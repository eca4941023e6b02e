"""Waiting for the runs while the terminal shows them, and while the kills fall."""

from __future__ import annotations

import time
from collections.abc import Sequence

from project.demo import stopping
from project.demo.kills import Killer
from project.demo.progress import View, look
from project.demo.screen import Screen
from project.demo.worker import StuckError, Worker

GLANCE = 0.04  # seconds between two looks at the tables
STALL = 60.0  # seconds without any news after which nobody waits longer


class Watch:
    def __init__(self, screen: Screen, worker: Worker, killer: Killer | None) -> None:
        self._screen = screen
        self._worker = worker
        self._killer = killer
        self._news: list[object] = []
        self._news_at = time.monotonic()

    def until_final(self, event_ids: Sequence[str]) -> list[View]:
        """Return the runs that the events started, once all have ended."""
        while True:
            views = [view for event_id in event_ids if (view := look(event_id))]
            self._screen.show(views)
            if len(views) == len(event_ids) and all(view.is_final for view in views):
                return views
            self._strike(views)
            self._guard(views)
            stopping.check()
            time.sleep(GLANCE)

    def _strike(self, views: list[View]) -> None:
        for view in views:
            struck = self._killer and self._killer.strike(view)
            if struck:
                self._screen.say(struck)

    def _guard(self, views: list[View]) -> None:
        if not self._worker.is_alive:
            raise StuckError("The worker ended before the runs did.")
        news: list[object] = [(view.run.status, view.groups) for view in views]
        if news != self._news:
            self._news, self._news_at = news, time.monotonic()
        if time.monotonic() - self._news_at > STALL:
            raise StuckError(f"Nothing has moved for {STALL:.0f} seconds.")
