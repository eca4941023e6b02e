"""C11: the server takes no more connections."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress

import psycopg
from django.db import connection

from tests.campaigns.chaos.scene import ImpossibleError, Scene

SECONDS = 5.0
_MOST = 1000


def crowd(scene: Scene) -> None:
    """Take all connections that are left."""
    if scene.server is None or connection.vendor != "postgresql":
        raise ImpossibleError
    scene.note("limit of connections reached")
    scene.aside(_take_all)


def _take_all() -> None:
    where = connection.get_connection_params()
    wanted = {name: where[name] for name in ("dbname", "user", "host", "port") if name in where}
    end = time.monotonic() + SECONDS
    with ExitStack() as stack:
        while time.monotonic() < end:  # who loses one does not get it back
            with suppress(psycopg.OperationalError):
                for _ in range(_MOST):
                    stack.enter_context(psycopg.connect(**wanted))
            time.sleep(0.1)
