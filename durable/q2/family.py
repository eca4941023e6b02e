"""Parents, children and signals: a cluster dies with its parent, and only when it is meant to."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import FrameType

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # from linux/prctl.h


def follow(parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when `parent` dies. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    _prctl(_SET_PARENT_DEATH_SIGNAL, number)
    if os.getppid() != parent:  # it died before the kernel knew
        os.kill(os.getpid(), number)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so as to see them end. Linux only."""
    if sys.platform.startswith("linux"):
        _prctl(_SET_CHILD_SUBREAPER, 1)


def reap(but: int) -> None:
    """Collect the children of this process that have ended, adopted ones too, except one.

    Args:
        but: the child that somebody else waits for.
    """
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        while (ended := os.waitid(os.P_ALL, 0, flags)) and ended.si_pid != but:
            os.waitpid(ended.si_pid, 0)
    except ChildProcessError:
        return


def outlast_sigterm() -> None:
    """Ignore SIGTERM in this process; programs it starts do not inherit that.

    A service manager that signals the whole group would otherwise kill running work, and the sentinel
    in a state in which the main process waits for it for ever.
    """
    mine = os.getpid()

    def ignore(number: int, frame: FrameType | None) -> None:
        if os.getpid() != mine:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, ignore)


def _prctl(option: int, value: int) -> None:
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    except (OSError, AttributeError):
        return
