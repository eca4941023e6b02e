"""Events: inserted once, in the sender's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from durable.models import Event
from durable.store.table import Table


class Events(Table):
    """The rows of Event on one database."""

    def insert(self, events: Sequence[Event]) -> dict[UUID, UUID]:
        """Insert events in the caller's transaction; one with a known dedupe key is left out.

        Returns:
            For each id the id under which the event is stored: its own, or the first one's.
        """
        rows = Event.objects.using(self.alias)
        unique = {event.dedupe_key or event.pk: event for event in reversed(events)}
        # In one order, whoever sends: two batches with the same ids must not wait for each other.
        inserted = sorted(unique.values(), key=lambda event: (event.dedupe_key or "", event.pk))
        rows.bulk_create(inserted, batch_size=500, ignore_conflicts=True)
        keys = [event.dedupe_key for event in events if event.dedupe_key]
        stored = self._stored(keys)
        return {event.pk: stored.get(event.dedupe_key or "", event.pk) for event in events}

    def _stored(self, keys: Sequence[str]) -> dict[str, UUID]:
        """Return the ids under which events with these dedupe keys are stored."""
        known = Event.objects.using(self.alias).filter(dedupe_key__in=keys)
        return {str(key): pk for key, pk in known.values_list("dedupe_key", "pk")}
