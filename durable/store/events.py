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
        rows.bulk_create(reversed(unique.values()), batch_size=500, ignore_conflicts=True)
        keys = [event.dedupe_key for event in events if event.dedupe_key]
        known = rows.filter(dedupe_key__in=keys)
        if self.connection.vendor == "mysql":
            # Its default isolation reads an old snapshot unless the row is locked.
            known = known.select_for_update()
        stored = dict(known.values_list("dedupe_key", "pk"))
        return {event.pk: stored.get(event.dedupe_key, event.pk) for event in events}
