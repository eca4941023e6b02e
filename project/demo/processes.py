"""The processes of the demo's worker, however deep and orphaned, found by a mark they inherit."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

MARK = "DURABLE_DEMO"


def marked(value: str, name: str = MARK) -> set[int]:
    """Return the living processes whose environment says so; none where there is no /proc."""
    needle = f"{name}={value}".encode()
    return {
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if needle in _environment(folder).split(b"\0")
    }


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""
