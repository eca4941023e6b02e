"""Events: inserted once, in the sender's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from durable.models import Event
from durable.store.clock import database_in, database_now
from durable.store.executor import retried
from durable.store.table import Table


def _now() -> Any:
    return database_now()


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
        for event in inserted:
            event.received = event.route_at = _now()
        rows.bulk_create(inserted, batch_size=500, ignore_conflicts=True)
        keys = [event.dedupe_key for event in events if event.dedupe_key]
        stored = self._stored(keys)
        return {event.pk: stored.get(event.dedupe_key or "", event.pk) for event in events}

    def release_keys(self, keys: Collection[str], seconds: float) -> None:
        """Give events that came in so many seconds ago other keys than these, in the caller's transaction."""
        known = Event.objects.using(self.alias).filter(dedupe_key__in=list(keys))
        old = known.filter(received__lte=database_in(-seconds))
        for pk, key in list(old.values_list("pk", "dedupe_key")):
            other = sha256(f"{key}\0{pk}".encode()).hexdigest()
            known.filter(pk=pk).update(dedupe_key=other)

    def due(self, limit: int) -> list[Event]:
        """Return events that may be waited for, oldest first."""
        rows = Event.objects.using(self.alias).filter(route_at__lte=database_now())
        return list(rows.order_by("route_at")[:limit])

    @retried
    def hold(self, event: Event, seconds: float, last_wait: int) -> bool:
        """Keep others from handing out an event for a while; False if somebody else does it.

        Args:
            event: as it was found to be due.
            seconds: for so long.
            last_wait: the newest wait that gets it. Noted, so that who hands it out again after a crash
                does not give it to the next wait of a run that has got it.
        """
        due = Event.objects.using(self.alias).filter(pk=event.pk, route_at__lte=database_now())
        same = due.filter(last_wait=event.last_wait)
        return same.update(route_at=database_in(seconds), last_wait=last_wait) == 1

    @retried
    def routed(self, events: Collection[UUID]) -> None:
        """Note that whoever waited for these events has got them."""
        Event.objects.using(self.alias).filter(pk__in=list(events)).update(route_at=None)

    @retried
    def put_off(self, event: UUID, age: float, seconds: float) -> None:
        """Have an event that came in more than `age` seconds ago handed out in `seconds`, not before."""
        old = Event.objects.using(self.alias).filter(pk=event, received__lte=database_in(-age))
        old.filter(route_at__isnull=False).update(route_at=database_in(seconds))

    @retried
    def since(self, name: str, tenant: str, seconds: float, limit: int) -> list[Event]:
        """Return a tenant's events of a name that came in within the last `seconds`, oldest first."""
        rows = Event.objects.using(self.alias).filter(name=name, tenant=tenant)
        recent = rows.filter(received__gte=database_in(-seconds))
        return list(recent.order_by("received", "pk")[:limit])

    def _stored(self, keys: Sequence[str]) -> dict[str, UUID]:
        """Return the ids under which events with these dedupe keys are stored."""
        known = Event.objects.using(self.alias).filter(dedupe_key__in=keys)
        return {str(key): pk for key, pk in known.values_list("dedupe_key", "pk")}
