"""What failures have in common that are the same one: the error, where it was raised, and its message
without what varies from one to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_FRAME = re.compile(r'File "([^"]+)", line \d+, in (\S+)')
_VARIES = re.compile(
    r"""'[^']*'|"[^"]*"                                         # what is quoted
    |\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b            # UUIDs
    |\b0x[0-9a-f]+\b|\b(?=\w*\d)[0-9a-f]{8,}\b                  # addresses, digests
    |[\w.+-]+@[\w-]+\.[\w.-]+                                   # mail addresses
    |[+-]?\d+(?:[.,:]\d+)*                                      # numbers, times, versions
    """,
    re.IGNORECASE | re.VERBOSE,
)
MOST = 200  # characters of each part that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A kind of failure."""

    name: str
    place: str  # file and function, "shop/steps.py charge"; empty if nothing was raised
    message: str

    @property
    def digest(self) -> str:
        """What it is known by."""
        return sha256(f"{self.name}\0{self.place}\0{self.message}".encode()).hexdigest()[:32]


def fingerprint(failure: Mapping[str, str]) -> Fingerprint:
    """Return the kind of a stored failure: its name, message and stack."""
    return Fingerprint(
        name=failure.get("name", "")[:MOST],
        place=_place(failure.get("stack", ""))[:MOST],
        message=normalized(failure.get("message", "")),
    )


def normalized(message: str) -> str:
    """Return the first line of a message with an ellipsis for each thing in it that may vary."""
    first = message.strip().split("\n", 1)[0][: 5 * MOST]
    return " ".join(_VARIES.sub("…", first).split())[:MOST]


def _place(stack: str) -> str:
    frames = _FRAME.findall(stack)
    if not frames:
        return ""
    file, function = frames[-1]
    return f"{'/'.join(file.replace(chr(92), '/').split('/')[-2:])} {function}"
