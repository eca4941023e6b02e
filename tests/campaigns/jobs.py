"""One campaign, played by several processes with a database each; and a night of all campaigns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from scripts.servers import find
from tests.campaigns import evidence
from tests.campaigns.campaigns import CAMPAIGNS
from tests.campaigns.desk import Desk
from tests.campaigns.mutants import FOUND
from tests.campaigns.sizes import NIGHTLY, Size
from tests.campaigns.tally import Tally

_LOOK = 0.5  # seconds


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def play_night(jobs: int, seed: int) -> int:
    """Play the nightly sizes on every database that can be reached, and write the page of evidence.

    Returns:
        How many failures there were.
    """
    failures = 0
    for size in NIGHTLY:
        for database in size.databases:
            failures += _play_where(size, database, jobs, seed)
    evidence.write()
    return failures


def _play_where(size: Size, database: str, jobs: int, seed: int) -> int:
    with ExitStack() as stack:
        server = find(database, stack)
        if not server.is_reachable:
            sys.stderr.write(f"SKIP {size.campaign} on {database}: {server.remark}\n")
            return 0
        return play(size, database, jobs, seed, server.url)


def play(size: Size, database: str, jobs: int, seed: int, url: str = "") -> int:
    """Play one campaign on one database; return how many failures there were."""
    tally = Tally(campaign=CAMPAIGNS[size.campaign].name, database=database, seed=seed)
    words = [size.campaign, "--database", database, "--seed", str(seed), *size.words]
    if size.minutes is not None:
        words += ["--minutes", str(size.minutes)]
    environment = {**os.environ, **({f"DURABLE_TEST_{database.upper()}": url} if url else {})}
    environment.pop(
        "DURABLE_TEST_SCRATCH", None
    )  # each has a folder, and so a database, of its own
    with tempfile.TemporaryDirectory(prefix="durable-desk-") as folder:
        desk = Desk(folder=Path(folder))
        players = [
            _start([*words, "--desk", folder, "--number", str(number)], environment)
            for number in range(1 if size.is_alone else jobs)
        ]
        try:
            _watch(players, desk, tally)
        finally:
            _end(players)
            _sum(tally, desk).save()
    return len(tally.failures)


def _start(words: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.campaigns", *words], env=environment)


def _watch(players: Sequence[subprocess.Popen[bytes]], desk: Desk, tally: Tally) -> None:
    """Say how far they are, until all have ended."""
    while any(player.poll() is None for player in players):
        time.sleep(_LOOK)
        sofar = _sum(replace(tally, counts=Counter(), seen={}, figures={}, failures=[]), desk)
        sofar.tell("")
        tally.said = sofar.said
    for player in players:
        if player.returncode not in (0, FOUND):
            tally.failures.append(f"a process of it ended with {player.returncode}")


def _sum(tally: Tally, desk: Desk) -> Tally:
    tally.add(desk.counts())
    return tally


def _end(players: Sequence[subprocess.Popen[bytes]]) -> None:
    """Have those that are left put their databases away."""
    for player in players:
        if player.poll() is None:
            player.send_signal(signal.SIGINT)
    for player in players:
        player.wait()
