"""What a campaign counted, and what it found: kept as files, from which the evidence page is made."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection

from tests.campaigns.truth import UntrueError

FOLDER = Path("var") / "campaigns"
_KEPT = (
    "campaign",
    "seed",
    "size",
    "database",
    "day",
    "trials",
    "counts",
    "figures",
    "failures",
    "seconds",
)
_EVERY = 5.0  # seconds between two lines of progress


class StopAskedError(Exception):
    """The first failure is enough."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally


@dataclass(slots=True, kw_only=True)
class Tally:
    """The count of one campaign on one database.

    Args:
        campaign: its letter and name.
        database: the vendor.
        seed: what its draws began with.
        size: "sample" or "nightly".
        is_stopped: the first failure ends it.
        trials: played.
        counts: of whatever else the campaign counts.
        figures: measured.
        failures: trials that showed something untrue.
        seconds: it took.
    """

    campaign: str
    seed: int
    size: str = "sample"
    is_stopped: bool = False
    database: str = field(default_factory=lambda: connection.vendor)
    trials: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    day: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    _begun: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def play(self, name: str, trial: Callable[[], Any]) -> Any:
        """Play one trial and count it; keep what it found, and go on."""
        self.trials += 1
        try:
            return trial()
        except UntrueError as error:
            self.failures.append(name)
            self._keep(name, error)
            if self.is_stopped:
                raise StopAskedError(self) from error
            return None
        finally:
            self.seconds = time.monotonic() - self._begun
            self._tell(name)

    def save(self) -> None:
        """Write the count down."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        kept = {name: getattr(self, name) for name in _KEPT}
        name = f"{self.campaign}-{self.database}".replace(" ", "-").replace(",", "")
        (FOLDER / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
        self._say(f"{self.trials} trials, {len(self.failures)} failures, {self.seconds:.0f} s")

    def _keep(self, name: str, error: UntrueError) -> None:
        folder = FOLDER / "failures"
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir()))
        text = f"{self.campaign}, {self.database}, seed {self.seed}\n{name}\n\n{error}\n\n{error.rows}\n"
        (folder / f"{number:04}-{self.database}.txt").write_text(text)
        self._say(f"FAILED {name}")

    def _tell(self, name: str) -> None:
        if time.monotonic() - self._said > _EVERY:
            self._said = time.monotonic()
            self._say(f"{self.trials} trials, {len(self.failures)} failures; {name}")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self.campaign} on {self.database}: {text}\n")


def saved() -> list[dict[str, Any]]:
    """Return what was written down, of all campaigns."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
