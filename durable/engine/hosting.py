"""What every call of a function needs of the process that it is in, whether it drives or assists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from durable.authoring.event import Event
from durable.engine.ingest import ingest


class Hosting:
    """The part of a performer that knows neither run nor batch."""

    def send(self, events: list[Event]) -> list[str]:
        """Send events, in the transaction of the step that does so."""
        return ingest(events)

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Close the connections of a thread when its work is done."""
        try:
            yield
        finally:
            connections.close_all()
