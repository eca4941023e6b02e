"""However often a function is paused and resumed while workers work, nothing stays behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import connections

import durable
from durable.engine.overrides import overrides
from durable.models import Run, Step, StepStatus
from durable.operations.audit import Actor
from durable.operations.configure import pause_function, resume_function
from durable.worker.drain import Worker
from tests.harness import EVENT, Player, say
from tests.invariants.actors import preempted

pytestmark = pytest.mark.django_db(transaction=True)

RUNS, TURNS, WORKERS = 12, 15, 2
EVA = Actor(who="eva", via="admin")


def handler(ctx: durable.ContextSync) -> str:
    ctx.step.run("first", say, "first")
    ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in "abc"))
    return ctx.step.run("last", say, "last")


def test_nothing_is_held_back_for_ever(
    fresh_registry: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.engine.overrides.AGE", 0.003)  # as if seconds were short
    player = Player()
    player.define(handler, strict=True)
    durable.send([durable.Event(name=EVENT) for _ in range(RUNS)])
    is_over = threading.Event()

    def work(number: int) -> None:
        worker = Worker(store=player.store, owner=f"crew:{number}:1", workers=WORKERS)
        try:
            while not is_over.is_set():
                worker.drain()
        finally:
            connections.close_all()

    crew = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in crew:
        thread.start()
    try:
        for _ in range(TURNS):
            pause_function("case", actor=EVA)
            is_over.wait(0.01)
            resume_function("case", actor=EVA)
        for _ in range(2000):
            if not Run.objects.filter(ended=None).exists():
                break
            is_over.wait(0.01)
    finally:
        is_over.set()
        for thread in crew:
            thread.join()
        overrides.clear()
    assert set(Run.objects.values_list("status", flat=True)) == {"completed"}
    assert Step.objects.filter(status=StepStatus.DONE).count() == 5 * RUNS


@pytest.mark.parametrize("holder_first", [True, False])
def test_at_no_statement_is_a_run_held_back_that_was_resumed(
    fresh_registry: object, holder_first: bool
) -> None:
    player = Player()
    player.define(handler)
    for stop_at in count(1):
        pause_function("case", actor=EVA)
        player.send()
        (run,) = player.store.runs.claim("crew:1:1")
        actors: list[Callable[[], Any]] = [
            partial(player.store.functions.hold_run, run),
            partial(resume_function, "case", actor=EVA),
        ]
        first, second = actors if holder_first else reversed(actors)
        both = preempted(first, second, stop_at)
        if both is None:  # it has fewer statements
            break
        row = Run.objects.get(pk=run.id)
        is_due = (row.status, row.reason) == ("queued", "") and row.due_at is not None
        assert row.status == "running" or is_due, both[2]
        player.store.runs.finish(run, "completed")
        Run.objects.all().delete()
    assert stop_at > 2
