"""A Redis of the campaign's own, for the machine whose broker it is."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

_LONGEST = 10.0  # seconds until it answers


@dataclass(slots=True)
class Redis:
    """One that keeps nothing on the disk."""

    port: int
    folder: Path
    _process: subprocess.Popen[bytes] = field(init=False)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator[Redis | None]:
        """Run one while the block is executed; None if there is no Redis here."""
        if shutil.which("redis-server") is None:
            yield None
            return
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            server = cls(int(found.getsockname()[1]), folder)
        server._start()
        try:
            yield server
        finally:
            server._process.kill()
            server._process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """What a machine needs in its environment to use it."""
        return {
            "DURABLE_TEST_BROKER": "redis",
            "DURABLE_TEST_REDIS": f"redis://127.0.0.1:{self.port}/0",
        }

    def wipe(self) -> None:
        """Lose all messages."""
        self._client().flushall()

    def restart(self) -> None:
        """Fall, and start anew."""
        self._process.kill()
        self._process.wait()
        self._start()

    def _start(self) -> None:
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir")
        self._process = subprocess.Popen(
            ["redis-server", *options, str(self.folder)], stdout=subprocess.DEVNULL
        )
        begun = time.monotonic()
        while time.monotonic() - begun < _LONGEST:
            try:
                self._client().ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self.port)
