"""What a campaign counted, and what it found: kept as files, from which the evidence page is made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests import backends
from tests.campaigns.stage import dump
from tests.campaigns.truth import UntrueError

FOLDER = Path("var") / "campaigns"
_EVERY = 5.0  # seconds between two lines of progress


class StopAskedError(Exception):
    """The first failure is enough."""


@cache
def head() -> str:
    """Return the commit that is checked out, with a star if something was changed since."""
    said = ["git", "describe", "--always", "--dirty=*", "--exclude=*"]
    try:
        return subprocess.run(said, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


@dataclass(slots=True, kw_only=True)
class Tally:
    """The count of one campaign on one database.

    Args:
        campaign: its letter and name.
        database: its name.
        seed: what its draws began with.
        every: of so many places one was played.
        is_stopped: the first failure ends it.
        is_quiet: somebody else tells how far it is.
        trials: played.
        pieces: played to their ends.
        planned: pieces that there are.
        counts: of whatever else the campaign counts.
        seen: how many of what each piece came by, by kind and name: a scenario's places count once.
        figures: measured.
        failures: trials that showed something untrue.
        seconds: it took.
        day: on which it was begun.
        commit: of the code that was played.
    """

    campaign: str
    seed: int
    every: int = 1
    is_stopped: bool = False
    is_quiet: bool = False
    database: str = field(default_factory=backends.chosen)
    trials: int = 0
    pieces: int = 0
    planned: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    day: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    commit: str = field(default_factory=head)
    begun: float = field(default_factory=time.time)
    said: float = field(default_factory=time.time)

    def play(self, name: str, trial: Callable[[], Any]) -> Any:
        """Play one trial and count it; keep what it found, and go on."""
        self.trials += 1
        try:
            return trial()
        except Exception as error:
            self.failures.append(name)
            self._keep(name, error)
            if self.is_stopped:
                raise StopAskedError from error
            return None
        finally:
            self.seconds = time.time() - self.begun
            self.tell(name)

    def saw(self, kind: str, name: str, count: int = 1) -> None:
        """Note what was come by, once for each name."""
        self.seen.setdefault(kind, {})[name] = count

    def add(self, others: Sequence[Tally]) -> None:
        """Take in what other processes counted of the same campaign."""
        for other in others:
            self.trials += other.trials
            self.pieces += other.pieces
            self.counts.update(other.counts)
            self.planned, self.every = other.planned, other.every
            self.figures |= other.figures
            self.failures += other.failures
            for kind, names in other.seen.items():
                self.seen.setdefault(kind, {}).update(names)
        self.seconds = time.time() - self.begun

    def save(self) -> None:
        """Write the count down, and say it."""
        name = f"{self.campaign}-{self.database}-{self.commit.strip('*')}".replace(" ", "-")
        self.write(FOLDER / f"{name}.json")
        self.said = 0.0
        self.tell("(done)")

    def write(self, path: Path) -> None:
        """Write the count to a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        new.write_text(json.dumps(kept, indent=1) + "\n")
        new.rename(path)

    def tell(self, name: str) -> None:
        """Say how far it is, if that has not just been said."""
        if self.is_quiet or time.time() - self.said < _EVERY:
            return
        self.said = time.time()
        self.say(
            f"{self.pieces:,} of {self.planned:,} pieces, {self.trials:,} trials,"
            f" {len(self.failures)} failures, {self.seconds:.0f} s, seed {self.seed} {name}".rstrip()
        )

    def say(self, text: str) -> None:
        """Say something of this campaign to who watches."""
        sys.stderr.write(f"{self.campaign} on {self.database}: {text}\n")

    def _keep(self, name: str, error: Exception) -> None:
        folder = FOLDER / "failures" / f"{int(time.time() * 1000)}-{os.getpid()}-{self.database}"
        folder.mkdir(parents=True)
        trace = "".join(traceback.format_exception(error))
        told = f"{self.campaign}, {self.database}, seed {self.seed}\n{name}\n\n{error}\n\n{trace}"
        rows = error.rows if isinstance(error, UntrueError) and error.rows else dump()
        (folder / "told.txt").write_text(told)
        (folder / "rows.json").write_text(rows)  # which `loaddata` reads
        self.say(f"FAILED {name}: {folder}")


def read(path: Path) -> Tally:
    """Return a count that was written to a file."""
    kept = json.loads(path.read_text())
    return Tally(**{**kept, "counts": Counter(kept["counts"])})


def saved() -> Sequence[Tally]:
    """Return what was written down, of all campaigns."""
    return [read(path) for path in sorted(FOLDER.glob("*.json"))]
