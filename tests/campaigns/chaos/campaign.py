"""A campaign of chaos: so many seconds under fire, then a minute in which all has to come to rest."""

from __future__ import annotations

import importlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Sum

from durable.access.keys import Rights, make
from durable.authoring.registry import Registry, registry
from durable.models import Event, Run, Step, Worker
from durable.operations.audit import Actor
from durable.store import get_store
from tests.acceptance.web import Web
from tests.campaigns.chaos import audit, stuck
from tests.campaigns.chaos.client import Client, Ledger
from tests.campaigns.chaos.faults import disk
from tests.campaigns.chaos.fire import LONG, Fire
from tests.campaigns.chaos.journal import Journal
from tests.campaigns.chaos.judge import again, judge, passed_over
from tests.campaigns.chaos.messenger import Redis
from tests.campaigns.chaos.network import Network
from tests.campaigns.chaos.nodes import SETTINGS, WORKERS, Node, clocked, wrong_clock
from tests.campaigns.chaos.scene import Scene
from tests.campaigns.chaos.server import Server
from tests.campaigns.chaos.workload import Workload
from tests.campaigns.stage import dump, wipe
from tests.campaigns.tally import FOLDER, Tally
from tests.campaigns.truth import UntrueError

SKEWS = (120, 0, -120)  # seconds by which the clocks of the machines are wrong
CLIENTS = 2
RATE = 9.0  # events in a second
TICK = 0.05  # seconds between two looks at what is due
STEADY = 30  # seconds before the fire, if it is a long one
SLOW = 9.0  # seconds from a kill to the next step of a run that it struck: a lease, and 5
QUIET = 60.0  # seconds in which something has to move, or it is stuck
MOST = 60  # runs under way; clients ask for no more while there are so many


def burn(tally: Tally, seconds: float, *, is_server_ours: bool, rate: float = RATE) -> None:
    """Play it once.

    Args:
        tally: where it counts.
        seconds: under fire.
        is_server_ours: whether the database's server may be struck, too.
        rate: events in a second.

    Raises:
        UntrueError: something was lost, doubled, early or stuck.
    """
    wipe()
    FOLDER.mkdir(parents=True, exist_ok=True)
    before = registry.snapshot()
    registry.restore(Registry())
    try:
        importlib.reload(importlib.import_module("tests.campaigns.chaos.burning.workflows"))
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            scene = stack.enter_context(_set(folder, tally.seed, is_server_ours=is_server_ours))
            journal = stack.enter_context(Journal.kept(folder))
            ledger = Ledger(folder / "ledger")
            clients = _clients(ledger, scene, journal, tally.seed)
            workload = Workload(draw=random.Random(tally.seed + 100), rate=rate)
            if seconds >= LONG:
                tally.figures["hints taken for each claim, without a fault"] = _steadily(
                    clients, workload
                )
            _under_fire(scene, clients, workload, seconds, tally.seed)
            rested = _come_to_rest(scene, clients)
            _count(tally, scene, journal, rested)
            _judge(scene, ledger, journal)
    finally:
        registry.restore(before)


@contextmanager
def _set(folder: Path, seed: int, *, is_server_ours: bool) -> Iterator[Scene]:
    """Have machines, a network, a broker and an API."""
    draw = random.Random(seed)
    with ExitStack() as stack:
        has_network = connection.vendor != "sqlite"
        network = stack.enter_context(Network.laid(len(SKEWS))) if has_network else None
        redis = stack.enter_context(Redis.running(folder))
        server = Server.found() if is_server_ours else None
        site = Web(SETTINGS)
        nodes = _nodes(folder, network, redis)
        small = stack.enter_context(disk.small(server))
        stack.enter_context(audit.kept())
        for node in nodes:
            stack.callback(node.end)
            node.boot()
        stack.enter_context(site)
        for node in nodes:
            node.cluster.wait_until_ready()
        scene = Scene(
            nodes=nodes,
            site=site,
            draw=draw,
            network=network,
            server=server,
            redis=redis,
            disk=small,
        )
        _say_what_is_missing(scene)
        yield scene


def _nodes(folder: Path, network: Network | None, redis: Redis | None) -> list[Node]:
    """Make three machines that differ in their clocks and their brokers."""
    library = wrong_clock(folder)
    brokers = [{}, {"DURABLE_TEST_BROKER": "orm"}, redis.environment if redis else {}]
    nodes = []
    for number, (skew, broker) in enumerate(zip(SKEWS, brokers, strict=True)):
        clock = clocked(folder, number, skew, library)
        environment = dict(broker)
        if network is not None:
            environment |= network.environment(number)
        if clock is not None:
            environment |= {"LD_PRELOAD": str(library), "DURABLE_CHAOS_SKEW": str(clock)}
        nodes.append(Node(number=number, environment=environment, skew=clock))
    return nodes


def _say_what_is_missing(scene: Scene) -> None:
    parts = {
        "the network": scene.network,
        "the database's server (no --own-server)": scene.server,
        "a Redis broker": scene.redis,
        "a full disk (needs root, mount and a PostgreSQL of its own)": scene.disk,
        "wrong clocks (need cc)": scene.nodes[0].skew,
    }
    for name, part in parts.items():
        if part is None:
            sys.stderr.write(f"C chaos: SKIPPED {name}\n")


def _clients(ledger: Ledger, scene: Scene, journal: Journal, seed: int) -> list[Client]:
    actor = Actor(who="chaos", via="command")
    token = make(get_store(), actor, Rights(name="chaos").key()).secret
    clients = [
        Client(ledger, scene.site.port, token, journal.path, random.Random(seed + number))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    return clients


def _steadily(clients: list[Client], workload: Workload) -> float:
    """Have nothing go wrong for a while; return how many hints were taken for each claim."""
    for _ in range(STEADY):
        _ask(clients, workload)
        time.sleep(1.0)
    return _amplification()


def _under_fire(
    scene: Scene, clients: list[Client], workload: Workload, seconds: float, seed: int
) -> None:
    detector = stuck.Detector(QUIET)
    fire = Fire(scene, seconds, random.Random(seed + 200))
    begun, asked = time.monotonic(), 0
    while (now := time.monotonic() - begun) < seconds:
        if asked <= now:
            asked += 1
            if _open_runs() < MOST:
                _ask(clients, workload)
            else:
                scene.counts["seconds in which clients held back"] += 1
        fire.strike(now)
        detector.look(scene, FOLDER)
        time.sleep(TICK)
    scene.counts["times that nothing moved for a minute"] = detector.times


def _ask(clients: list[Client], workload: Workload) -> None:
    """Have clients wish for what is to be wished for within a second."""
    for wish in workload.wishes(1.0):
        clients[wish.number % CLIENTS].ask(wish)


def _come_to_rest(scene: Scene, clients: list[Client]) -> float:
    """Fulfil what is wished for, and wait until nothing is left or moves; return how long that took."""
    scene.end()
    for client in clients:
        while client.is_alive():
            scene.tend()
            client.finish(TICK)
    begun = moved = time.monotonic()
    left = -1
    while (now := _open_runs()) and time.monotonic() - moved < QUIET:
        if now != left:
            left, moved = now, time.monotonic()
        scene.tend()
        time.sleep(0.1)
    return time.monotonic() - begun


def _open_runs() -> int:
    """Count runs that are under way, and events that are held by somebody who may be dead."""
    try:
        events = Event.objects.filter(route_at__isnull=False).count()
        return events + Run.objects.filter(ended=None).count()
    except (DatabaseError, InterfaceError):
        connection.close()
        return MOST


def _count(tally: Tally, scene: Scene, journal: Journal, rested: float) -> None:
    bodies, runs = again(journal)
    tally.counts.update(scene.counts)
    tally.counts["starts of a supervisor"] += sum(node.boots for node in scene.nodes)
    tally.counts["runs of schedules"] += Run.objects.filter(function__contains="-tick-").count()
    tally.counts["times of schedules passed over in an outage"] += passed_over()
    tally.counts["runs"] += Run.objects.count()
    tally.counts["steps recorded"] += Step.objects.exclude(ended=None).count()
    tally.counts["bodies that ran again"] += bodies
    tally.counts["runs with a body that ran again"] += runs
    tally.figures.update(scene.recovery.figures())
    for slow in scene.recovery.slow(SLOW):
        sys.stderr.write(f"C chaos: {slow}\n")
    tally.figures["hints taken for each claim"] = _amplification()
    tally.figures["load of the machine for each of its cores"] = _load()
    tally.figures["seconds to rest after the last fault"] = round(rested, 1)


def _load() -> float:
    """Return what all programs on this machine wanted in the last quarter of an hour."""
    return round(os.getloadavg()[2] / (os.cpu_count() or 1), 1)


def _amplification() -> float:
    done = Worker.objects.aggregate(hints=Sum("hints"), claims=Sum("claims"))
    return round((done["hints"] or 0) / max(done["claims"] or 0, 1), 2)


def _judge(scene: Scene, ledger: Ledger, journal: Journal) -> None:
    log = "\n".join(f"{at} {what}" for at, what in scene.log)
    (FOLDER / "chaos-faults.txt").write_text(f"{log}\n")
    wrong = judge(ledger, journal)
    wrong += [
        f"hung on machine {node.number}: {one}" for node in scene.nodes for one in stuck.hung(node)
    ]
    for node in scene.nodes:
        if len(workers := node.cluster.find("worker")) < WORKERS:
            wrong.append(f"an operator is needed: machine {node.number} has workers {workers} only")
    if wrong:
        raise UntrueError(
            "\n".join(wrong[:50]), f"{stuck.report(scene)}\n\nFAULTS\n{log}\n\n{dump()}"
        )
