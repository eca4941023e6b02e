"""Who holds a lease: a process, so named that its death can be seen on the same machine."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from functools import cache
from pathlib import Path

from durable.q2.liveness import exists

_STATE, _STARTED = 0, 19  # of the fields behind the name in /proc/PID/stat
_DEAD = ("Z", "X", "x")


def owner() -> str:
    """Return the name of this process: `host:pid:start time`."""
    return _owner(os.getpid())


def host() -> str:
    """Return the name of this machine, and a mark of the space its process ids are valid in."""
    return _host()


def prefix() -> str:
    """Return what the names of all owners begin with whose processes can be seen from here."""
    return f"{_host()}:"


def is_alive(name: str) -> bool:
    """Whether the process of an owner still runs; yes, if that cannot be known from here."""
    host, pid, started = name.rsplit(":", 2)
    if host != _host():
        return True
    fields = _stat(int(pid))
    if fields is None:
        return exists(int(pid)) if not _has_proc() else False
    return fields[_STATE] not in _DEAD and fields[_STARTED] == started


def is_stopped(pid: int) -> bool:
    """Whether a process is held by SIGSTOP or a debugger; no, if that cannot be known."""
    fields = _stat(pid)
    return fields is not None and fields[_STATE] in ("T", "t")


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    fields = _stat(pid)
    if fields is None:
        return exists(pid) if not _has_proc() else False
    return fields[_STATE] not in _DEAD


@cache
def _owner(pid: int) -> str:
    fields = _stat(pid)
    return f"{_host()}:{pid}:{fields[_STARTED] if fields else 0}"


@cache
def _host() -> str:
    """The host's name, and a mark of the space its pids are valid in.

    Two containers, or two copies of a machine, may share a name but never see each other's processes.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        space = boot + os.readlink("/proc/self/ns/pid")
    except OSError:
        space = str(uuid.getnode())
    mark = hashlib.sha256(space.encode()).hexdigest()[:8]
    return f"{socket.gethostname()[:64]}-{mark}"


@cache
def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _stat(pid: int) -> list[str] | None:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError):
        return None
    return line.rpartition(")")[2].split()
