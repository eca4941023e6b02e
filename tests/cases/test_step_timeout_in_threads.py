"""Time-outs in threads: a body is interrupted as it executes Python, or else left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

import durable
from durable import ParallelMode
from durable.models import Run
from durable.q2 import pulse
from tests.harness import Player, journal, note, say, steps_of

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = timedelta(milliseconds=50)
BOUND = 15.0  # seconds after which a body that nobody interrupts ends by itself


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What bodies that cannot be interrupted wait for, and no time to spare for them."""
    monkeypatch.setattr("durable.engine.watchdog.GRACE", 0.05)
    event = threading.Event()
    yield event
    event.set()
    await_the_crew()


def await_the_crew() -> None:
    for thread in threading.enumerate():
        if thread.name == "durable-crew":
            thread.join(BOUND)


def busy(mark: str) -> str:
    """Execute Python all the time, at the first try."""
    note(mark)
    give_up = time.monotonic() + BOUND
    while journal.count(mark) == 1 and time.monotonic() < give_up:
        time.sleep(0.001)
    return mark


def stuck(released: threading.Event, mark: str) -> str:
    """Wait where nothing can interrupt a thread, at the first try."""
    note(mark)
    if journal.count(mark) == 1:
        try:
            released.wait(BOUND)
        except BaseException:  # noqa: BLE001 - on purpose
            note(f"{mark} goes on")
    return mark


def group(ctx: durable.ContextSync, body: Any, size: int = 4) -> list[str]:
    steps = [partial(ctx.step.run, f"step {n}", say, f"step {n}") for n in range(size)]
    limit = "15s" if "b" in journal else SHORT
    steps[1] = partial(ctx.step.run, "b", body, "b", timeout=limit)
    return list(ctx.group.parallel(tuple(steps)))


def failures(run: Run) -> list[tuple[str, str]]:
    return [(a.name, a.failure["code"]) for a in run.attempts.order_by("id")]


MODE = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


@MODE
@STRICT
def test_a_body_is_interrupted_in_its_thread(
    player: Player, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(partial(group, body=busy), threads=3, parallel_mode=mode, strict=strict)
    assert run.result == ["step 0", "b", "step 2", "step 3"]
    assert failures(run) == [("b", "step_timeout")]
    assert sorted(journal) == ["b", "b", "step 0", "step 2", "step 3"]


@MODE
@STRICT
def test_a_body_that_cannot_be_interrupted_is_left_behind(
    player: Player, released: threading.Event, mode: ParallelMode, strict: bool
) -> None:
    handler = partial(group, body=partial(stuck, released), size=12)
    run = player.play(handler, threads=3, parallel_mode=mode, strict=strict)
    assert run.result == ["step 0", "b", *(f"step {n}" for n in range(2, 12))]
    assert failures(run) == [("b", "step_timeout")]
    assert sorted(journal) == sorted(["b", "b", "step 0", *(f"step {n}" for n in range(2, 12))])


def test_the_others_go_on_though_every_thread_hangs(
    player: Player, released: threading.Event
) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        stuck_steps = [
            partial(
                ctx.step.run,
                m,
                partial(stuck, released),
                m,
                timeout="15s" if m in journal else SHORT,
            )
            for m in "ab"
        ]
        others = [partial(ctx.step.run, m, say, m) for m in "cdef"]
        return list(ctx.group.parallel((*stuck_steps, *others)))

    run = player.play(handler, threads=2)
    assert run.result == list("abcdef")
    assert sorted(failures(run)) == [("a", "step_timeout"), ("b", "step_timeout")]
    assert sorted(journal) == sorted("aabbcdef")


def test_what_a_thread_does_that_was_left_behind_is_ignored(
    player: Player, released: threading.Event
) -> None:
    run = player.play(partial(group, body=partial(stuck, released)), threads=3, retries=0)
    assert run.status == "failed"
    released.set()
    await_the_crew()
    assert "b goes on" in journal
    assert steps_of(run)["b"] == "failed"
    assert failures(run) == [("b", "step_timeout")]


def test_the_failure_says_where_the_body_hangs(player: Player, released: threading.Event) -> None:
    run = player.play(partial(group, body=partial(stuck, released)), threads=3, retries=0)
    assert run.failure is not None
    assert "released.wait(BOUND)" in run.failure["stack"]


def alone(ctx: durable.ContextSync, released: threading.Event, atomic: bool) -> str:
    ctx.step.run("before", say, "before")
    return ctx.step.run("a", stuck, released, "a", timeout=SHORT, atomic=atomic, retries=0)


async def alone_async(ctx: durable.Context, released: threading.Event, atomic: bool) -> str:
    await ctx.step.run("before", say, "before")
    return await ctx.step.run("a", stuck, released, "a", timeout=SHORT, atomic=atomic, retries=0)


def planned(ctx: durable.ContextSync, released: threading.Event, atomic: bool) -> str:
    body = partial(stuck, released)
    steps = (
        partial(ctx.step.run, "a", body, "a", timeout=SHORT, atomic=atomic, retries=0),
        partial(ctx.step.run, "c", say, "c"),
    )
    return ctx.group.parallel(steps)[0]


def wait_for(run: Run) -> None:
    give_up = time.monotonic() + BOUND
    while not run.is_final and time.monotonic() < give_up:
        time.sleep(0.01)
        run.refresh_from_db()


def work_until(ended: threading.Event, player: Player) -> None:
    """Be a worker in a thread."""
    try:
        while not ended.is_set():
            player.worker.drain()
    finally:
        connections.close_all()


@pytest.mark.parametrize("handler", [alone, alone_async, planned])
@STRICT
def test_a_worker_whose_thread_hangs_gives_back_what_it_holds(
    player: Player, released: threading.Event, handler: Any, strict: bool
) -> None:
    player.define(partial(handler, released=released, atomic=False), strict=strict)
    run, ended = player.send(), threading.Event()
    workers = [threading.Thread(target=work_until, args=[ended, player]) for _ in range(2)]
    try:
        for worker in workers:
            worker.start()
        wait_for(run)
        released.set()
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    run.refresh_from_db()
    assert run.status == "failed"
    assert failures(run) == [("a", "step_timeout")]
    assert set(steps_of(run).values()) == {"done", "failed"}
    assert "a goes on" in journal


def test_a_process_that_is_no_worker_of_a_cluster_goes_on(
    player: Player, released: threading.Event
) -> None:
    player.play(partial(group, body=partial(stuck, released)), threads=3)
    assert not pulse.is_stopping()
