"""The text file that an event names, read the same by every step or refused with the reason.

A step is handed the path, the file's hash and two offsets, not the words themselves: the text stays
out of the database, results stay small, and every worker reads a few kilobytes it can check. The
hash is what makes that safe: offsets into a file that changed since it was split mean nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from durable import NonRetriableError

LARGEST = 20_000_000  # bytes


def read(path: str) -> tuple[str, str]:
    """Return the text of a file and the hash of its bytes."""
    content = _content(Path(path))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NonRetriableError(f"{path} is not UTF-8 text: {error}") from error
    if "\0" in text:
        raise NonRetriableError(f"{path} holds NUL characters: it is not a text file")
    return text, hashlib.sha256(content).hexdigest()


def read_unchanged(path: str, sha256: str) -> str:
    """Return the text of a file that must still be what it was when it was split."""
    text, found = read(path)
    if found != sha256:
        raise NonRetriableError(
            f"{path} changed while it was being summarised; send text/submitted again"
        )
    return text


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise NonRetriableError(f"{path} has {size:,} bytes; at most {LARGEST:,} are read")
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, PermissionError, ValueError) as error:
        raise NonRetriableError(f"{path} cannot be read: {error}") from error
