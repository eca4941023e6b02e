"""The console blocks of a page: what is typed, and what is shown to come of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.docs.pages import Page

LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Typed:
    """A command, and what the page shows below it."""

    command: str
    shown: str


def typed(page: Page) -> Iterator[Typed]:
    """Return the commands of a page, in order, each with all its lines."""
    for block in page.blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.rstrip("\n").split("\n")
            last = next(n for n, line in enumerate(lines) if not line.endswith("\\"))
            yield Typed("\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]))


class Shell:
    """Runs commands one after the other; variables last."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {"PATH": "/usr/bin:/bin:/usr/local/bin", **variables}

    def set(self, **variables: str) -> None:
        """Have it know these variables too."""
        self._variables |= variables

    def run(self, command: str) -> str:
        """Return what a command prints."""
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "variables"
            script = f"set -a\n{command}\nenv -0 > {kept}"
            done = subprocess.run(
                ["/bin/sh", "-ec", script],
                env=self._variables,
                capture_output=True,
                text=True,
                timeout=20,
            )
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            pairs = kept.read_text().rstrip("\0").split("\0")
        self._variables |= dict(pair.split("=", 1) for pair in pairs)
        return done.stdout.strip()


def is_possible() -> bool:
    """Whether this machine has what the pages use."""
    return all(map(shutil.which, ("sh", "curl", "openssl")))


def check(shown: str, printed: str) -> None:
    """Compare what a page shows with what came: ids and times differ, all else must not."""
    if shown.startswith(("{", "[")):
        _compare(json.loads(shown), json.loads(printed), "$")
        return
    for line, real in zip(shown.splitlines(), printed.splitlines(), strict=True):
        name, _, data = line.partition("data: ")
        if data and not name:
            _compare(json.loads(data), json.loads(real.removeprefix("data: ")), "$")
        else:
            assert _is_alike(line, real), f"{line!r} is shown, and {real!r} came"


def _compare(shown: Any, real: Any, path: str) -> None:
    if shown == LEFT_OUT:
        return
    if isinstance(shown, dict) and isinstance(real, dict):
        shown = dict(shown)
        is_part = shown.pop(LEFT_OUT, None) is not None
        assert is_part or list(shown) == list(real), f"{path}: {list(shown)} and {list(real)}"
        for name, value in shown.items():
            _compare(value, real[name], f"{path}.{name}")
    elif isinstance(shown, list) and isinstance(real, list):
        assert len(shown) == len(real), f"{path}: {shown} and {real}"
        for number, (one, other) in enumerate(zip(shown, real, strict=True)):
            _compare(one, other, f"{path}[{number}]")
    elif isinstance(shown, str) and isinstance(real, str):
        assert _is_alike(shown, real), f"{path}: {shown!r} is shown, and {real!r} came"
    elif not path.endswith(".id"):
        assert shown == real, f"{path}: {shown!r} is shown, and {real!r} came"


def _is_alike(shown: str, real: str) -> bool:
    beginning, left_out, _ = shown.partition(LEFT_OUT)
    return real.startswith(beginning) if left_out else _kind(shown) == _kind(real)


def _kind(text: str) -> str:
    """Return a text with its ids, times and numbers of keys made alike."""
    try:
        UUID(text)
    except ValueError:
        pass
    else:
        return "an id"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return "a time"
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\bdk[0-9a-f]{12}|\d{10,}\S*", "#", text)
