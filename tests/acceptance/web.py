"""A web process of its own, which may be killed, and programs that send to it and keep a ledger."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests import backends
from tests.acceptance.clusters import ROOT, eventually


class Web:
    """A site that answers HTTP, for the length of a `with`."""

    def __init__(self, settings: str = "tests.acceptance.web_settings") -> None:
        self.settings = settings
        self.port = _free_port()
        self._options = ("--interface", "wsgi", "--port", str(self.port), "--log-level", "warning")

    def start(self) -> None:
        """Start the process, and return when it answers."""
        self.launch()
        eventually(self._answers)

    def launch(self) -> None:
        """Start the process."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "project.wsgi:application", *self._options],
            cwd=ROOT,
            env=backends.child_environment(DJANGO_SETTINGS_MODULE=self.settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether that process is gone."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process.poll() is None, "the web process has ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class Sender(threading.Thread):
    """Sends events with ids of its own, one after the other, until it has been answered for each.

    Args:
        port: of the site.
        path: where it sends.
        token: its key, for the header.
        name: of the events.
        ids: one for each event.
        gives_up: an event whose answer did not come is not sent again.
    """

    def __init__(
        self,
        port: int,
        path: str,
        token: str,
        name: str,
        ids: Sequence[str],
        *,
        gives_up: bool = False,
    ) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.path = path
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self.event = name
        self.ids = ids
        self.gives_up = gives_up
        self.answered: dict[str, str] = {}  # ids of rows, by the sender's
        self.unknown: set[str] = set()
        self.seconds: list[float] = []
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Send them."""
        for one in self.ids:
            while not self._send(one):
                if self.gives_up:
                    self.unknown.add(one)
                    break
                time.sleep(0.02)
        if self._connection is not None:
            self._connection.close()

    def _send(self, one: str) -> bool:
        body = json.dumps({"name": self.event, "id": one, "data": {"id": one}})
        began = time.monotonic()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            self._connection.request("POST", self.path, body, self.headers)
            answer = self._connection.getresponse()
            said = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            self._connection = None
            return False
        assert answer.status in (200, 201), said
        self.seconds.append(time.monotonic() - began)
        self.answered[one] = said["ids"][0] if "ids" in said else said["events"][0]["id"]
        return True


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
