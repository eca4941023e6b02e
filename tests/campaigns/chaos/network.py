"""The failing network as the campaign sees it: one line to the database for each cluster."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from tests import backends
from tests.acceptance.clusters import ROOT


@dataclass(frozen=True, slots=True)
class Network:
    """Where its lines begin, and where it takes orders.

    Args:
        control: a port.
        lines: ports, one for each cluster.
    """

    control: int
    lines: list[int]

    @classmethod
    @contextmanager
    def laid(cls, count: int) -> Iterator[Network]:
        """Have so many lines to the database of this process."""
        where = connection.settings_dict
        default = {"postgresql": 5432, "mysql": 3306}[connection.vendor]
        arguments = [str(where["HOST"]), str(where["PORT"] or default), str(count)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.chaos.proxy", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            control, *lines = map(int, process.stdout.readline().split())
            yield cls(control, lines)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def environment(self, number: int) -> dict[str, str]:
        """Return what a cluster needs in its environment to use its line."""
        server = {"postgresql": "postgres", "mysql": "mariadb"}[connection.vendor]
        parts = urlsplit(backends.url(server))
        who = f"{parts.username}:{parts.password}" if parts.password else parts.username
        netloc = f"{who}@127.0.0.1:{self.lines[number]}"
        url = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
        return {f"DURABLE_TEST_{server.upper()}": url}

    def order(self, word: str, number: int, share: float, seconds: float = 0.0) -> int:
        """Strike a share of the connections on a line; return how many that was."""
        with socket.create_connection(("127.0.0.1", self.control), 5) as control:
            control.sendall(f"{word} {number} {share} {seconds}\n".encode())
            return int(control.recv(64))
