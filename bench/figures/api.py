"""Events through the API: how many a second two web processes take, and how soon each is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import psutil

from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.access.keys import Rights, make
from durable.operations.audit import Actor
from durable.store import get_store
from tests.acceptance.web import Sender, Web

PROCESSES, SENDERS = 2, 4
RATE = 200.0  # events a second that are asked for, on two cores
NAME = "bench/sequence"  # a function listens to it; nobody drives its runs here


def measure(stage: Stage) -> Iterator[Row]:
    """Send one event after the other from each of a few programs, in rounds."""
    rates, waits, cores = [], list[float](), []
    with ExitStack() as stack:
        sites = [stack.enter_context(Web("bench.web_settings")) for _ in range(PROCESSES)]
        token = _token()
        for number in range(stage.either(6, 2)):
            before = _computed()
            seconds, taken = _round(sites, token, number, stage.either(300, 50))
            waits += taken if number else []  # the first connects
            rates.append(len(taken) / seconds)
            cores.append((_computed() - before) / len(taken) * RATE)
    yield Row(
        what="events a second through the API",
        spread=Spread.of(rates[1:]),
        unit="/s",
        least=stage.on_postgres(RATE),
    )
    # Unlike the rate, this hardly depends on what else the machine does.
    yield Row(
        what=f"cores that {RATE:.0f} a second take, sites and senders",
        spread=Spread.of(cores[1:]),
        most=stage.on_postgres(2.0),
    )
    milliseconds = [wait * 1000 for wait in waits]
    yield Row(what="event to answer, p50", spread=Spread.of(milliseconds), unit="ms")
    yield Row(
        what="event to answer, p95",
        spread=Spread.percentile(milliseconds, 95),
        unit="ms",
        most=stage.on_postgres(50.0),
    )


def _round(sites: Sequence[Web], token: str, number: int, each: int) -> tuple[float, list[float]]:
    """Return how many seconds it took, and the seconds of each event."""
    senders = []
    for one in range(SENDERS):
        site = sites[one % len(sites)]
        ids = [f"{number}-{one}-{n}" for n in range(each)]
        senders.append(Sender(site.port, "/durable/events/", token, NAME, ids))
    began = time.monotonic()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return time.monotonic() - began, [wait for sender in senders for wait in sender.seconds]


def _computed() -> float:
    """Return the seconds of a processor that this process and those it started have used."""
    me = psutil.Process()
    times = [one.cpu_times() for one in (me, *me.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _token() -> str:
    actor = Actor(who="the benchmarks", via="command")
    return make(get_store(), actor, Rights(name="bench").key()).secret
