"""M: durable with a bug put in on purpose, and the campaign that must notice it.

A mutant is a copy of the package in which a few words are replaced. The campaign runs on the copy, in a process
of its own, and has to end with failures; a mutant that survives is a hole in the campaigns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.truth import UntrueError

ROOT = Path(__file__).resolve().parents[2]
FOUND = 3  # exit code of a campaign that found something
_LONGEST = 900  # seconds, on a machine that has more to do


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A bug.

    Args:
        name: what is wrong, for people.
        file: of the package.
        old: the words that are replaced; they are there once.
        new: what takes their place.
        killer: the campaign that must notice, and what it plays.
    """

    name: str
    file: str
    old: str
    new: str
    killer: tuple[str, ...]

    def plant(self, package: Path) -> None:
        """Put the bug into a copy of the package.

        Raises:
            AssertionError: the words are not there, or more than once: the mutant is out of date.
        """
        path = package / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.name}: {self.old!r} {text.count(self.old)} times"
        path.write_text(text.replace(self.old, self.new))


def hunt(mutant: Mutant, database: str = "sqlite") -> None:
    """Run the campaign on the mutant.

    Raises:
        UntrueError: it noticed nothing.
    """
    with tempfile.TemporaryDirectory(prefix="durable-mutant-") as folder:
        _copy(Path(folder), mutant)
        try:
            ended = _campaign(Path(folder), mutant, database)
        except subprocess.TimeoutExpired as error:
            raise UntrueError(f"mutant {mutant.name!r}: the campaign had no end") from error
    if ended.returncode != FOUND:
        raise UntrueError(
            f"mutant {mutant.name!r} survived {' '.join(mutant.killer)}\n{ended.stderr[-2000:]}"
        )


def _copy(folder: Path, mutant: Mutant) -> None:
    left = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "durable", folder / "durable", ignore=left)
    for name in ("tests", "project", "templates"):
        (folder / name).symlink_to(ROOT / name)
    mutant.plant(folder / "durable")


def _campaign(folder: Path, mutant: Mutant, database: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.campaigns", *mutant.killer, "--stop"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "DURABLE_TEST_SCRATCH": str(folder)}
    return subprocess.run(
        [*command, "--database", database],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )


def singles(scenario: str, *faults: str) -> tuple[str, ...]:
    """S, one scenario, these faults at every place."""
    named = [word for fault in faults for word in ("--fault", fault)]
    return ("singles", "--scenario", scenario, *named)


def whole(scenario: str) -> tuple[str, ...]:
    """S, one scenario; the bug shows without a fault."""
    return ("singles", "--scenario", scenario, "--every", "40", "--fault", "KILL_AFTER")


def pauses(scenario: str) -> tuple[str, ...]:
    """P, one scenario, every place."""
    return ("pauses", "--scenario", scenario)


def race(name: str) -> tuple[str, ...]:
    """X, one race, to its end."""
    return ("races", "--scenario", name, "--most", "400")
