"""The pulse of a cluster: small counters in shared memory, written without locks, read by the supervisor.

Behind the counters is room for the last words of a cluster that cannot go on.

Under a plain `manage.py qcluster` there is no board, and every call here does nothing.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from durable.q2.liveness import exists

_CELL = 8  # bytes
_CELLS = 8  # in one slot: pid, role, beats, waiting, tasks, results
_SLOTS = 512
_SIZE = _SLOTS * _CELLS * _CELL
_WORDS = 500  # bytes of last words
_PID, _ROLE, _BEATS, _WAITING, _TASKS, _RESULTS = range(6)


class Role(IntEnum):
    """What a process of a cluster is."""

    SENTINEL = 1
    WORKER = 2
    MONITOR = 3
    PUSHER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What one process last said of itself."""

    pid: int
    role: Role
    beats: int
    is_waiting: bool  # for a message
    tasks: int  # the sentinel's: messages no worker took yet
    results: int  # the sentinel's: results the monitor did not take yet


class Board:
    """A file in shared memory with a slot for each process. Slot 0 is for the cluster as a whole.

    Args:
        fileno: of an open, empty or already used, temporary file.
    """

    def __init__(self, fileno: int) -> None:
        self._file = fileno
        if os.fstat(fileno).st_size < _SIZE:
            os.ftruncate(fileno, _SIZE)
        self._map = mmap.mmap(fileno, _SIZE)
        self._cells = memoryview(self._map).cast("q")
        self._mine: int | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether the cluster has been asked to stop."""
        return bool(self._cells[0])

    def stop(self) -> None:
        """Ask the workers to take no new work."""
        self._cells[0] = 1

    @property
    def is_blank(self) -> bool:
        """Whether nobody will write here, because this q2 could not be given a pulse."""
        return bool(self._cells[1])

    def leave_blank(self) -> None:
        """Say that nobody will write here."""
        self._cells[1] = 1

    @property
    def last_words(self) -> str:
        """What the first process that could not go on gave as its reason, in one line; or nothing."""
        return os.pread(self._file, _WORDS, _SIZE).decode(errors="ignore")

    def confess(self, error: BaseException) -> None:
        """Say why this process cannot go on. The first to say so is heard: others fail because of it."""
        if not self.last_words:
            line = " ".join(f"{type(error).__name__}: {error}".split())
            os.pwrite(self._file, line.encode(errors="replace")[:_WORDS], _SIZE)

    def close(self) -> None:
        """Give the memory back."""
        self._cells.release()
        self._map.close()
        os.close(self._file)

    def enlist(self, role: Role) -> None:
        """Take a free slot for this process."""
        import fcntl  # not on Windows, where this module is imported and no board exists

        fcntl.lockf(self._file, fcntl.LOCK_EX)  # freed by the kernel if its holder is killed
        try:
            free = (slot for slot in range(1, _SLOTS) if not self._is_taken(slot))
            self._mine = next(free, None)
            if self._mine is not None:
                self._write(os.getpid(), role, 0, 0, 0, 0)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def beat(self) -> None:
        """Say that this process gets on."""
        if self._mine is not None:
            self._cells[self._mine * _CELLS + _BEATS] += 1

    def wait(self, is_waiting: bool) -> None:
        """Say whether this process waits for a message."""
        if self._mine is not None:
            self._cells[self._mine * _CELLS + _WAITING] = is_waiting

    def count(self, tasks: int, results: int) -> None:
        """Say how many messages lie in the two queues."""
        if self._mine is not None:
            self._cells[self._mine * _CELLS + _TASKS] = tasks
            self._cells[self._mine * _CELLS + _RESULTS] = results

    def pulses(self) -> list[Pulse]:
        """Return what each process of the cluster said; the dead ones' last words included."""
        return [self._read(slot) for slot in range(1, _SLOTS) if self._cells[slot * _CELLS + _PID]]

    def _is_taken(self, slot: int) -> bool:
        pid = self._cells[slot * _CELLS + _PID]
        return bool(pid) and pid != os.getpid() and exists(pid)

    def _write(self, *values: int) -> None:
        assert self._mine is not None
        for cell, value in enumerate(values):
            self._cells[self._mine * _CELLS + cell] = value

    def _read(self, slot: int) -> Pulse:
        cells = self._cells[slot * _CELLS : (slot + 1) * _CELLS]
        return Pulse(
            pid=cells[_PID],
            role=Role(cells[_ROLE] or Role.WORKER),
            beats=cells[_BEATS],
            is_waiting=bool(cells[_WAITING]),
            tasks=cells[_TASKS],
            results=cells[_RESULTS],
        )


def attach(fileno: int) -> None:
    """Use the board behind this file in this process and all it forks."""
    global _board
    _board = Board(fileno)


def is_watched() -> bool:
    """Whether a supervisor reads the pulse of this cluster."""
    return _board is not None


def enlist(role: Role) -> None:
    """Take a slot for this process."""
    if _board:
        _board.enlist(role)


def beat() -> None:
    """Say that this process gets on."""
    if _board:
        _board.beat()


def wait(is_waiting: bool) -> None:
    """Say whether this process waits for a message."""
    if _board:
        _board.wait(is_waiting)


def count(tasks: int, results: int) -> None:
    """Say how many messages lie in the two queues."""
    if _board:
        _board.count(tasks, results)


def stop() -> None:
    """Ask the workers to take no new work."""
    if _board:
        _board.stop()


def retire() -> None:
    """Have this process end when what it is at has ended."""
    global _retiring
    _retiring = os.getpid()


def is_retiring() -> bool:
    """Whether this process is to end."""
    return _retiring == os.getpid()


def leave_blank() -> None:
    """Say that the processes of this cluster have no pulse."""
    if _board:
        _board.leave_blank()


@contextmanager
def confessing() -> Iterator[None]:
    """Leave the reason as last words, if what is done within cannot go on."""
    try:
        yield
    except Exception as error:
        if _board:
            _board.confess(error)
        raise


def is_stopping() -> bool:
    """Whether the cluster has been asked to stop, or this process has, so that it should claim nothing new."""
    return is_retiring() or bool(_board and _board.is_stopping)


_board: Board | None = None
_retiring: int | None = None
