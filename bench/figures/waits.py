"""Open waits: finding the one that an event is for among many, and waking very many with one event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db import connection, transaction

import durable
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable import clock
from durable.authoring.registry import registry
from durable.engine.deliver import deliver
from durable.expressions.key import match_key
from durable.ids import new_id
from durable.models import Event, Run, Step, Wait, WaitPath
from durable.playback.keys import step_key
from durable.store import get_store

NAME, PATH = "bench/paid", "data.order"
OPEN = 200_000
WOKEN = 10_000


def measure(stage: Stage) -> Iterator[Row]:
    """Fill the tables; look for one wait, then wake many."""
    count = stage.either(OPEN, OPEN // 10)
    _open(count, name=NAME)
    looks = [_look(order) for order in range(0, count, count // 200)]
    found = Spread.of(looks)
    yield Row(what=f"1 of {count:,} waits of one name", spread=found, unit="ms", most=1.0)
    few, many = stage.either(WOKEN, WOKEN // 10) // 10, stage.either(WOKEN, WOKEN // 10)
    each = {number: _wake(number) / number * 1e3 for number in (few, many)}
    yield Row(what=f"1 event wakes {many:,}, each", spread=Spread.of([each[many]]), unit="ms")
    linear = Spread.of([each[many] / each[few]])
    yield Row(what=f"each of {many:,} / each of {few:,}", spread=linear, most=1.5)
    started = {number: _start(number) / number * 1e3 for number in (few, many)}
    yield Row(what=f"1 event starts {many:,}, each", spread=Spread.of([started[many]]), unit="ms")
    linear = Spread.of([started[many] / started[few]])
    yield Row(what=f"each of {many:,} started / of {few:,}", spread=linear, most=1.5)
    _forget()


def _open(count: int, *, name: str, path: str = PATH) -> None:
    """Write so many parked runs, each with a wait for another order."""
    now = clock.now()
    runs = [
        Run(id=new_id(), function="bench", status="waiting", pending=1, created=now, started=now)
        for _ in range(count)
    ]
    with transaction.atomic():
        Run.objects.bulk_create(runs, batch_size=5000)
        key = step_key("wait", 0, "")
        Step.objects.bulk_create(
            [
                Step(
                    run=run,
                    key=key,
                    name="wait",
                    op="wait",
                    status="pending",
                    mode="wait",
                    due_at=now + timedelta(days=9),
                    started=now,
                )
                for run in runs
            ],
            batch_size=5000,
        )
        ids = Step.objects.filter(status="pending", op="wait", wait=None).order_by("pk")
        Wait.objects.bulk_create(
            [
                Wait(
                    run_id=run,
                    step_id=step,
                    event=name,
                    path=path,
                    created=now,
                    match=match_key(name, path, order) if path else "",
                )
                for order, (step, run) in enumerate(ids.values_list("pk", "run"))
            ],
            batch_size=5000,
        )
        WaitPath.objects.get_or_create(event=name, path=path)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")


def _look(order: int) -> float:
    waits, event = get_store().waits, Event(name=NAME, received=clock.now())
    last = waits.last()
    begun = time.perf_counter()
    found = waits.find(event, [match_key(NAME, PATH, order)], 0, last, 500)
    taken = time.perf_counter() - begun
    assert len(found) == 1
    return taken * 1e3


def _wake(count: int) -> float:
    name = f"bench/all-{count}"
    _open(count, name=name, path="")
    durable.send(durable.Event(name=name))
    return _timed(partial(_deliver_all, count, name))


def _deliver_all(count: int, name: str) -> None:
    while Event.objects.filter(route_at__isnull=False).exists():
        deliver(get_store())
    assert not Wait.objects.filter(event=name).exists()
    assert Run.objects.filter(status="queued").count() >= count


def _start(count: int) -> float:
    before = registry.snapshot()
    name = f"bench/fan-{count}"
    for number in range(count):
        trigger = durable.TriggerEvent(event=name)
        durable.create_function(fn_id=f"{name[6:]}-{number}", trigger=trigger)(lambda ctx: None)
    try:
        return _timed(lambda: durable.send(durable.Event(name=name)))
    finally:
        registry.restore(before)


def _timed(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _forget() -> None:
    """Leave nothing for the next figure's workers."""
    for model in (Wait, WaitPath, Step, Run):
        model.objects.all().delete()
