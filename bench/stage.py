"""Where figures are measured: a database of their own, and a cluster when one is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests import backends

if TYPE_CHECKING:
    from tests.acceptance.clusters import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database, and the broker of its cluster: "durable", "orm" or "redis"."""

    database: str
    broker: str
    url: str = ""

    def __str__(self) -> str:
        return self.database if self.broker == "durable" else f"{self.database}, {self.broker}"


@dataclass(slots=True)
class Stage:
    """What a figure works with.

    Args:
        place: the database and the broker.
        is_quick: whether few rounds must do.
    """

    place: Place
    is_quick: bool
    _stack: ExitStack = field(default_factory=ExitStack)
    _cluster: Cluster | None = None
    _files: int = 0

    def either(self, full: int, quick: int) -> int:
        """Return a number of rounds or rows."""
        return quick if self.is_quick else full

    @property
    def cluster(self) -> Cluster:
        """A cluster of four workers, started when it is first asked for."""
        if self._cluster is None:
            from tests.acceptance.clusters import Cluster

            cluster = Cluster(DJANGO_SETTINGS_MODULE="bench.settings")
            self._cluster = self._stack.enter_context(cluster)
            self._cluster.wait_until_ready()
        return self._cluster

    def on_postgres(self, target: float) -> float | None:
        """Return a target that was set for Postgres; elsewhere a commit may not wait for the disk."""
        return target if self.place.database == "postgres" else None

    def with_own_broker(self, target: float) -> float | None:
        """Return a target that was set for durable's own broker."""
        return target if self.place.broker == "durable" else None

    def new_path(self) -> Path:
        """Return the path of a file that does not exist yet."""
        self._files += 1
        return backends.scratch() / f"bench-{self._files}"

    def close(self) -> None:
        """Stop the cluster, if there is one."""
        self._stack.close()
        self._cluster = None


@contextmanager
def opened(place: Place, *, is_quick: bool) -> Iterator[Stage]:
    """Set Django up in this process, on an empty database that is dropped in the end."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DURABLE_TEST_DATABASE": place.database,
        "DURABLE_TEST_BROKER": place.broker,
    }
    if place.url:
        os.environ[f"DURABLE_TEST_{place.database.upper()}"] = place.url
    import django
    from django.db import connection

    django.setup()
    name = str(connection.settings_dict["NAME"])
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    stage = Stage(place=place, is_quick=is_quick)
    try:
        yield stage
    finally:
        stage.close()
        connection.creation.destroy_test_db(name, verbosity=0)
