"""Machines, as the campaign has them: each a supervised cluster that is started again when it has ended."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.clusters import Cluster

WORKERS = 2
SETTINGS = "tests.campaigns.chaos.settings"
_ARGUMENTS = ("--workers", str(WORKERS), "--patience", "4", "--grace", "10")
_SOURCE = Path(__file__).parent / "skew.c"


@dataclass(slots=True, kw_only=True)
class Node:
    """One machine.

    Args:
        number: which one.
        environment: what is different there.
        skew: the file that says by how much its clock is wrong; None if it is right.
        boots: of its supervisor.
    """

    number: int
    environment: dict[str, str]
    skew: Path | None = None
    boots: int = 0
    cluster: Cluster = field(init=False)
    _gone: list[Cluster] = field(default_factory=list)

    def boot(self) -> None:
        """Start a supervisor; one that was there is let go to its end."""
        if self.boots:
            self._gone.append(self.cluster)
        self.boots += 1
        environment = {"DJANGO_SETTINGS_MODULE": SETTINGS, **self.environment}
        self.cluster = Cluster(*_ARGUMENTS, **environment)

    def tend(self) -> None:
        """Do what systemd does."""
        if self.cluster.has_ended:
            self.boot()

    def set_clock(self, seconds: int) -> None:
        """Have its clock be wrong by so much, from now on."""
        if self.skew is not None:
            with self.skew.open("r+b") as file:
                file.write(struct.pack("l", seconds))

    def end(self) -> None:
        """Leave nothing of it."""
        for cluster in (*self._gone, self.cluster):
            cluster.__exit__(None, None, None)


def wrong_clock(folder: Path) -> Path | None:
    """Make the library with which clocks can be wrong; None if this machine has no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "skew.so"
    flags = ("-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl")
    subprocess.run([compiler, *flags], check=True)
    return library


def clocked(folder: Path, number: int, seconds: int, library: Path | None) -> Path | None:
    """Make the file that says by how much the clock of a machine is wrong."""
    if library is None:
        return None
    file = folder / f"skew {number}"
    file.write_bytes(struct.pack("l", seconds))
    return file
