"""What django-q2 runs as yardsticks."""

from __future__ import annotations

import os
import time


def mark(path: str) -> None:
    """Add to a file when this ran: the cheapest thing by which a task can be seen to have ended."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, b"%d\n" % time.monotonic_ns())
    os.close(file)
