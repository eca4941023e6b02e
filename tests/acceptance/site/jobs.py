"""Tasks and step bodies. What they did is read from a journal, which any process may add to."""

from __future__ import annotations

import os
import time
from pathlib import Path


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
