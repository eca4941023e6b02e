"""The journal of effects: a server that writes down each body, by its own clock and in its own order.

A worker whose clock is wrong cannot lie to it.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Journal:
    """What bodies did.

    Args:
        path: of the socket at which they say so.
        lines: when by the monotonic clock, the run's id, the step's.
    """

    path: str
    lines: list[tuple[float, str, str]] = field(default_factory=list)
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def kept(cls, folder: Path) -> Iterator[Journal]:
        """Keep one while the block is executed."""
        journal = cls(str(folder / "journal"))

        class Answer(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionError, ValueError):  # who asked was killed
                    run, step = self.rfile.readline().decode().split()
                    self.wfile.write(f"{journal.write(run, step)}\n".encode())

        with socketserver.ThreadingUnixStreamServer(journal.path, Answer) as server:
            server.daemon_threads = True
            server.request_queue_size = 100
            thread = threading.Thread(target=server.serve_forever, args=[0.1], daemon=True)
            thread.start()
            yield journal
            server.shutdown()

    def write(self, run: str, step: str) -> int:
        """Write a body down; return the how manieth of its step that is."""
        with self._lock:
            self.lines.append((time.monotonic(), run, step))
            self._times[run, step] += 1
            return self._times[run, step]

    def times(self) -> Counter[tuple[str, str]]:
        """Count the bodies of each run and step."""
        with self._lock:
            return Counter(self._times)


def tell(path: str, run: str, step: str) -> int:
    """Say that a body begins; return the how manieth of its step it is."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(path)
        line.sendall(f"{run} {step}\n".encode())
        return int(line.makefile().readline())
