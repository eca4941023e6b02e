"""Steps of a group that are known to be quick are done at once, and have a row when they have ended."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import durable
from durable.engine import pace
from durable.errors import StepError
from durable.models import Run, Step
from tests.harness import Player, journal, note, say, steps_of, stumble

NAMES = ("a", "b", "c")


def together(ctx: durable.ContextSync) -> list[str]:
    return list(ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in NAMES)))


def one_stumbles(ctx: durable.ContextSync) -> list[str]:
    bodies = {"a": say, "b": stumble, "c": say}
    calls = tuple(partial(ctx.step.run, name, bodies[name], name) for name in NAMES)
    return list(ctx.group.parallel(calls))


def look_at_rows(name: str) -> str:
    """Write down which steps have a row while this one runs."""
    rows = Step.objects.order_by("id").values_list("name", flat=True)
    journal.append(f"{name}: {''.join(rows)}")
    return name


@pytest.fixture(autouse=True)
def known_as_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for body in (say, stumble, look_at_rows):
        pace.learn(body, 0.0)
    # A machine may be slow, and the tests are not about that.
    for limit in ("HOLD", "LONG"):
        monkeypatch.setattr(f"durable.engine.batch.{limit}", 60.0)


def test_nothing_is_planned(player: Player) -> None:
    def looking(ctx: durable.ContextSync) -> list[str]:
        calls = tuple(partial(ctx.step.run, name, look_at_rows, name) for name in NAMES)
        return list(ctx.group.parallel(calls))

    run = player.play(looking)
    assert run.result == list(NAMES)
    assert journal == ["a: ", "b: ", "c: "]
    assert steps_of(run) == dict.fromkeys(NAMES, "done")
    assert set(run.steps.values_list("claim", "mode")) == {(0, "wait")}


def test_branches_of_several_steps_are_waves_one_after_the_other(player: Player) -> None:
    def two_each(ctx: durable.ContextSync) -> list[str]:
        def branch(name: str) -> str:
            return ctx.step.run(name, say, name) + ctx.step.run(f"{name}2", say, f"{name}2")

        return list(ctx.group.parallel((partial(branch, "a"), partial(branch, "b"))))

    run = player.play(two_each)
    assert run.result == ["aa2", "bb2"]
    assert journal == ["a", "b", "a2", "b2"]
    assert list(run.steps.order_by("id").values_list("wave", flat=True)) == [1, 1, 2, 2]


def test_one_that_fails_is_tried_again_and_the_others_are_not(player: Player) -> None:
    run = player.play(one_stumbles)
    assert run.result == list(NAMES)
    assert journal == ["a", "b", "c", "b"]
    assert [attempt.number for attempt in run.attempts.all()] == [0]


def test_one_that_fails_rests_as_long_as_its_back_off_says(player: Player) -> None:
    player.define(one_stumbles)
    run = player.send()
    while player.worker.take_one():
        pass
    run.refresh_from_db()
    waiting = run.steps.get(name="b")
    assert (run.status, waiting.status, waiting.attempt) == ("waiting", "pending", 1)
    assert waiting.due_at is not None


def test_one_that_fails_for_good_is_a_step_error(player: Player) -> None:
    def caught(ctx: durable.ContextSync) -> str:
        try:
            one_stumbles(ctx)
        except StepError as error:
            return error.message
        return ""

    run = player.play(caught, retries=0)
    assert run.result == "b fails, try 1"
    assert steps_of(run) == {"a": "done", "b": "failed", "c": "done"}


def test_what_is_left_is_planned_when_one_takes_long(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.engine.batch.LONG", 0.0)
    player.define(together)
    run = player.send()
    player.worker.take_one()
    assert journal == ["a"]
    assert steps_of(run) == {"a": "done", "b": "pending", "c": "pending"}
    assert player.settle(run).result == list(NAMES)
    assert sorted(journal) == ["a", "b", "c"]


def test_more_than_are_quick_together_are_planned_for_others(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.engine.pace.TINY", 2)
    run = player.play(together)
    assert run.result == list(NAMES)
    assert dict(run.steps.values_list("name", "claim")) == {"a": 0, "b": 0, "c": 1}


def test_atomic_steps_are_planned(player: Player) -> None:
    def atomic(ctx: durable.ContextSync) -> list[str]:
        calls = tuple(partial(ctx.step.run, name, say, name, atomic=True) for name in NAMES)
        return list(ctx.group.parallel(calls))

    run = player.play(atomic)
    assert set(run.steps.values_list("claim", flat=True)) == {1}


def test_after_a_lost_worker_they_are_planned(player: Player) -> None:
    player.define(together)
    run = player.send()
    Run.objects.filter(pk=run.pk).update(status="running", owner="lost:1:1", claim=1)
    assert player.settle(run).result == list(NAMES)
    assert 0 not in run.steps.values_list("claim", flat=True)


def test_a_replay_from_one_of_them_does_the_whole_wave_again(player: Player) -> None:
    def framed(ctx: durable.ContextSync) -> list[str]:
        return [*together(ctx), ctx.step.run("last", say, "last"), *again(ctx)]

    def again(ctx: durable.ContextSync) -> list[Any]:
        calls = tuple(partial(ctx.step.run, name, note, name) for name in "xyz")
        return list(ctx.group.parallel(calls))

    pace.learn(note, 0.0)
    run = player.play(framed)
    journal.clear()
    player.settle(Run.objects.get(pk=durable.replay(run.pk, from_step="y")))
    assert journal == ["x", "y", "z"]


def test_a_large_result_among_them_is_kept(player: Player) -> None:
    def large(ctx: durable.ContextSync) -> list[int]:
        calls = tuple(partial(ctx.step.run, name, str.__mul__, name, 100_000) for name in NAMES)
        return [len(text) for text in ctx.group.parallel(calls)]

    pace.learn(str.__mul__, 0.0)
    assert player.play(large).result == [100_000] * 3


def test_one_that_fails_before_its_body_stands_where_it_was_called(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def second(ctx: durable.ContextSync) -> str:
        calls.append("call")
        if len(calls) == 2:  # the one that is to run the step
            raise OSError("there is no such file")
        return ctx.step.run("b", say, "b")

    def in_branches(ctx: durable.ContextSync) -> list[str]:
        first = partial(ctx.step.run, "a", say, "a")
        return list(ctx.group.parallel((first, partial(second, ctx))))

    run = player.play(in_branches)
    assert run.result == ["a", "b"]
    assert dict(run.steps.values_list("name", "branch")) == {"a": "0", "b": "1"}
