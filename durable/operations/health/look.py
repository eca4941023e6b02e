"""Looking at all of it."""

from __future__ import annotations

from dataclasses import replace

from durable import clock
from durable.models import Event, Run, Step
from durable.operations.health.backlog import backlog, late
from durable.operations.health.concerns import concerns
from durable.operations.health.crew import clusters, workers
from durable.operations.health.values import Broker, Health, Limits
from durable.operations.health.versions import versions
from durable.q2 import options
from durable.q2.hints import untaken
from durable.store import Store
from durable.store.condition import condition_of


def look(store: Store, limits: Limits | None = None) -> Health:
    """Look at the site, in a few bounded queries whatever the size of its tables.

    Args:
        store: whose work it is about.
        limits: from where on something is a concern.

    Raises:
        django.db.Error: the database does not answer.
    """
    tables = [model._meta.db_table for model in (Event, Run, Step)]
    crew = workers(store.alias)
    stuck, put_off = late(store.alias)
    seen = Health(
        at=clock.now(),
        alias=store.alias,
        clusters=clusters(crew),
        backlog=backlog(store.alias),
        stuck=stuck,
        database=condition_of(store.connection, tables),
        broker=_broker(),
        versions=versions(crew),
        put_off=put_off,
    )
    return replace(seen, concerns=tuple(concerns(seen, limits or Limits())))


def _broker() -> Broker:
    name = options.describe_broker()
    try:
        return Broker(name=name, untaken=untaken())
    except Exception:  # noqa: BLE001 - whatever its client raises: work goes on without hints
        return Broker(name=name, untaken=None)
