"""A campaign of chaos: so many seconds under fire, then a minute in which all has to come to rest."""

from __future__ import annotations

import importlib
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from durable.authoring.registry import Registry, registry
from durable.models import Event, Run, Step
from durable.operations.verify import verify
from durable.store import get_store
from tests.acceptance.clusters import Cluster
from tests.campaigns.chaos.fire import Fire
from tests.campaigns.chaos.workload import Workload
from tests.campaigns.stage import dump, wipe
from tests.campaigns.tally import Tally
from tests.campaigns.truth import UntrueError

CLUSTERS, WORKERS = 2, 2
PERIOD = 0.5  # seconds between two strikes
EVENTS = 4  # between two strikes
QUIET = 90.0  # seconds in which all has to come to rest

_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.campaigns.chaos.settings"}


def burn(tally: Tally, seconds: float, *, is_server_ours: bool) -> None:
    """Play it once.

    Args:
        tally: where it counts.
        seconds: under fire.
        is_server_ours: whether the database's server may be struck, too.

    Raises:
        UntrueError: something was lost, doubled or stuck.
    """
    wipe()
    draw = random.Random(tally.seed)
    before = registry.snapshot()
    registry.restore(Registry())
    try:
        importlib.reload(importlib.import_module("tests.campaigns.chaos.burning.workflows"))
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            journal = Path(folder) / "journal"
            journal.touch()
            workload = Workload(journal=str(journal), draw=draw)
            clusters = [_cluster(stack) for _ in range(CLUSTERS)]
            fire = Fire(clusters=clusters, draw=draw, is_server_ours=is_server_ours)
            _under_fire(workload, fire, seconds)
            rested = _come_to_rest(workload, fire)
            _count(tally, workload, fire, rested)
            _judge(workload)
    finally:
        registry.restore(before)


def _cluster(stack: ExitStack) -> Cluster:
    cluster = Cluster("--workers", str(WORKERS), "--patience", "4", **_SETTINGS)
    return stack.enter_context(cluster).wait_until_ready()


def _under_fire(workload: Workload, fire: Fire, seconds: float) -> None:
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        begun = time.monotonic()
        for _ in range(EVENTS):
            number += 1
            workload.send(number)
        fire.strike()
        time.sleep(max(PERIOD - (time.monotonic() - begun), 0.0))


def _come_to_rest(workload: Workload, fire: Fire) -> float:
    """Send what is owed, and wait until nothing is left; return how long that took."""
    fire.release(float("inf"))
    while workload.owed:
        workload.answer()
    begun = time.monotonic()
    while _is_busy() and time.monotonic() - begun < QUIET:
        time.sleep(0.1)
    return time.monotonic() - begun


def _is_busy() -> bool:
    """Whether a run is under way, or an event is held by somebody who may be dead."""
    if Run.objects.filter(ended=None).exists():
        return True
    return Event.objects.filter(route_at__isnull=False).exists()


def _count(tally: Tally, workload: Workload, fire: Fire, rested: float) -> None:
    tally.counts.update(fire.counts)
    tally.counts["runs"] += Run.objects.count()
    tally.counts["steps recorded"] += Step.objects.exclude(ended=None).count()
    tally.counts["bodies that ran again"] += workload.again()
    tally.figures.update(fire.recovery.figures())
    tally.figures["seconds to rest after the last fault"] = round(rested, 1)


def _judge(workload: Workload) -> None:
    wrong = workload.check()
    stuck = Run.objects.filter(ended=None).values_list("pk", "function", "status", "reason")
    wrong += [f"stuck: {row}" for row in stuck]
    wrong += [str(breach) for breach in verify(get_store()).breaches]
    if wrong:
        raise UntrueError("\n".join(wrong[:50]), dump())
