"""A lock between the processes of a cluster that the kernel frees when its holder is killed."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from types import TracebackType

_AGAIN = 0.0005  # seconds

_file: int | None = None


class KernelLock:
    """Stands in for the locks of `multiprocessing`, which stay locked for ever then.

    Re-entrant. Not for two threads of one process.

    Args:
        place: a number no other lock of this cluster has.
    """

    def __init__(self, place: int) -> None:
        self._place = place
        self._depth = 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Wait until the lock is free, however long that takes, and hold it."""
        while not self._depth and not self._take():
            time.sleep(_AGAIN)
        self._depth += 1
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(_opened(), fcntl.LOCK_UN, 1, self._place)

    def _take(self) -> bool:
        """Wait for the lock; return whether it was given.

        The kernel takes threads of two processes that wait for each other's locks for a deadlock. It is
        none: nobody holds one lock and waits for another.
        """
        try:
            fcntl.lockf(_opened(), fcntl.LOCK_EX, 1, self._place)
        except OSError as error:
            if error.errno != errno.EDEADLK:
                raise
            return False
        return True

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def prepare() -> None:
    """Open the file behind all locks, before the processes that share it are forked."""
    _opened()


def _opened() -> int:
    global _file
    if _file is None:
        with tempfile.TemporaryFile() as file:
            _file = os.dup(file.fileno())
    return _file
