"""However often a function is paused and resumed while workers work, nothing stays behind."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connections

import durable
from durable.engine.configure import pause_function, resume_function
from durable.engine.operations import Actor
from durable.engine.overrides import overrides
from durable.models import Run, Step, StepStatus
from durable.worker.drain import Worker
from tests.harness import EVENT, Player, say

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
