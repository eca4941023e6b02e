"""Tasks and step bodies. What they did is read from a journal, which any process may add to."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

LONGEST = 60.0  # seconds that something hangs when nobody ends it


def mark(journal: str, word: str) -> str:
    """Write a word, then give it back."""
    with Path(journal).open("a") as file:
        file.write(f"{word} {os.getpid()}\n")
    return word


def work(journal: str, word: str, seconds: float) -> str:
    """Write a word at the beginning and at the end of some waiting."""
    mark(journal, f"{word}-begins")
    time.sleep(seconds)
    return mark(journal, f"{word}-ends")


def stamp(journal: str) -> None:
    """Write the time, at once whole."""
    draft = Path(f"{journal}.{os.getpid()}")
    draft.write_text(repr(time.time()))
    draft.rename(journal)


def stick(journal: str, word: str) -> str:
    """At the first try, wait in C where no signal helps: for a lock this thread holds itself."""
    mark(journal, word)
    if Path(journal).read_text().count(f"{word} ") == 1:
        libc = ctypes.CDLL(None)
        mutex = ctypes.create_string_buffer(64)
        libc.pthread_mutex_lock(mutex)
        until = (ctypes.c_long * 2)(int(time.time() + LONGEST), 0)
        libc.pthread_mutex_timedlock(mutex, until)
        mark(journal, f"{word}-was-not-stopped")
    return word
