"""Options that the site says without a deploy: the next drive obeys, and code holds again when they go."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import durable
from durable import clock
from durable.engine.overrides import overrides
from durable.errors import FunctionConfigInvalidError, FunctionNotFoundError
from durable.models import FunctionConfig, Operation, StepStatus
from durable.operations.audit import Actor
from durable.operations.configure import configure_function, reset_function
from tests.harness import Handler, Player, asay, journal, say, stumble, sync_and_async

ANNA = Actor(who="anna", via="admin")


def configure(**changes: Any) -> None:
    configure_function("case", changes, actor=ANNA)
    overrides.forget()  # as a second later


def failing(ctx: durable.ContextSync) -> str:
    return ctx.step.run("charge", stumble, "charge", 9)


def five(ctx: durable.ContextSync) -> list[str]:
    def branch(name: str) -> str:
        return ctx.step.run(name, say, name) + ctx.step.run(f"{name}2", say, f"{name}2")

    return list(ctx.group.parallel(tuple(partial(branch, name) for name in "abcde")))


async def five_async(ctx: durable.Context) -> list[str]:
    async def branch(name: str) -> str:
        return await ctx.step.run(name, asay, name) + await ctx.step.run(f"{name}2", asay, name)

    return list(await ctx.group.parallel(tuple(partial(branch, name) for name in "abcde")))


def test_retries_and_backoff_are_obeyed(player: Player) -> None:
    player.define(failing, retries=0)
    configure(retries=2, backoff=[5, 7])
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.due_at is not None
    wait = run.due_at - clock.now()
    assert timedelta(seconds=4) < wait < timedelta(seconds=5.1)
    player.settle(run)
    assert journal.count("charge") == 3


def test_a_run_under_way_obeys_when_it_is_driven_next(player: Player) -> None:
    player.define(failing, retries=9)
    run = player.send()
    player.work()
    configure(retries=1)
    player.settle(run)
    assert journal.count("charge") == 2


def test_code_holds_again_after_a_reset(player: Player) -> None:
    player.define(failing, retries=1)
    configure(retries=5, priority=60)
    changed = reset_function("case", actor=ANNA)
    overrides.forget()
    assert changed == {"retries": (5, None), "priority": (60, None)}
    player.settle(player.send())
    assert journal.count("charge") == 2


def test_what_a_step_says_of_its_retries_is_nearer(player: Player) -> None:
    def careful(ctx: durable.ContextSync) -> str:
        return ctx.step.run("charge", stumble, "charge", 9, retries=1)

    player.define(careful)
    configure(retries=7)
    player.settle(player.send())
    assert journal.count("charge") == 2


@pytest.mark.parametrize("mode", ["wait", "race"])
@sync_and_async(five, five_async)
def test_the_next_run_has_the_parallel_mode(player: Player, handler: Handler, mode: str) -> None:
    player.define(handler, strict=True, parallel_mode=durable.ParallelMode.WAIT)
    configure(parallel_mode=mode)
    run = player.settle(player.send())
    assert set(run.steps.values_list("mode", flat=True)) >= {mode}
    assert run.status == "completed"


@pytest.mark.parametrize("mode", ["wait", "race"])
@sync_and_async(five, five_async)
def test_no_more_steps_are_open_than_the_cap_allows(
    player: Player, handler: Handler, mode: str
) -> None:
    player.define(handler, strict=True)
    configure(max_parallel=2, parallel_mode=mode)
    run = player.send()
    most = 0
    while player.worker.take_one():
        most = max(most, run.steps.filter(status=StepStatus.PENDING).count())
    run.refresh_from_db()
    assert run.status == "completed"
    assert (most, run.steps.count()) == (2, 10)


@sync_and_async(five, five_async)
def test_a_cap_holds_without_strict_mode_too(player: Player, handler: Handler) -> None:
    player.define(handler)
    configure(max_parallel=2)
    run = player.settle(player.send())
    waves = list(run.steps.values_list("wave", flat=True))
    assert max(waves.count(wave) for wave in waves) == 2
    assert run.status == "completed"


@pytest.mark.parametrize("mode", ["wait", "race"])
@sync_and_async(five, five_async)
def test_with_fan_out_each_step_is_claimed_alone(
    player: Player, handler: Handler, mode: str
) -> None:
    player.define(handler)
    configure(fan_out=True, parallel_mode=mode)
    run = player.send()
    per_piece: list[int] = []
    while player.worker.take_one():
        done = run.steps.filter(status=StepStatus.DONE).count()
        per_piece.append(done - sum(per_piece))
    run.refresh_from_db()
    assert run.status == "completed"
    assert (max(per_piece), sum(per_piece)) == (1, 10)


def test_a_higher_priority_is_claimed_first_and_a_lower_one_later(player: Player) -> None:
    seen: list[str] = []

    def mark(ctx: durable.ContextSync) -> None:
        seen.append(ctx.event.name)

    for name in ("case", "other", "late"):
        trigger = durable.TriggerEvent(event=name)
        durable.create_function(fn_id=name, trigger=trigger)(mark)
    configure(priority=120)
    configure_function("late", {"priority": -30}, actor=ANNA)
    durable.send([durable.Event(name=name) for name in ("late", "other", "case")])
    player.work()
    assert seen == ["case", "other"]
    clock.travel(timedelta(seconds=31))
    player.work()
    assert seen == ["case", "other", "late"]


def test_a_priority_starts_nothing_before_its_time(player: Player) -> None:
    player.define(lambda ctx: None)
    configure(priority=600)
    later = clock.now() + timedelta(seconds=60)
    run = player.send(ts=int(later.timestamp() * 1000))
    player.work()
    run.refresh_from_db()
    assert (run.status, run.started) == ("queued", None)


def test_every_change_is_written_down(player: Player) -> None:
    player.define(failing)
    configure(retries=2)
    configure(retries=4, backoff=[1, 2.5])
    assert configure_function("case", {"retries": 4}, actor=ANNA) == {}
    done = [(one.who, one.action, one.target, one.change) for one in Operation.objects.all()]
    assert done == [
        ("anna", "configure", "case", ({"retries": None}, {"retries": 2})),
        (
            "anna",
            "configure",
            "case",
            ({"retries": 2, "backoff": None}, {"retries": 4, "backoff": [1, 2.5]}),
        ),
    ]
    row = FunctionConfig.objects.get()
    assert (row.changed_by, row.changed is not None) == ("anna", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"retries": 21},
        {"retries": -1},
        {"retries": True},
        {"retries": "3"},
        {"backoff": []},
        {"backoff": [float("nan")]},
        {"backoff": [-1]},
        {"backoff": [1] * 21},
        {"backoff": "60"},
        {"parallel_mode": "both"},
        {"max_parallel": 0},
        {"threads": 0},
        {"threads": 257},
        {"fan_out": "yes"},
        {"priority": 601},
        {"retention": 0},
        {"paused": True},
        {"strict": True},
    ],
)
def test_a_wrong_value_is_refused_by_name(player: Player, wrong: dict[str, Any]) -> None:
    player.define(failing)
    with pytest.raises(FunctionConfigInvalidError, match=next(iter(wrong))):
        configure(**wrong)
    assert not FunctionConfig.objects.exists()


def test_a_function_nobody_knows_cannot_be_configured(player: Player) -> None:
    with pytest.raises(FunctionNotFoundError, match="'nobody'"):
        configure_function("nobody", {"retries": 1}, actor=ANNA)


def test_options_are_asked_for_once_however_many_steps_there_are(
    player: Player, django_assert_max_num_queries: Any
) -> None:
    def many(ctx: durable.ContextSync) -> None:
        for number in range(20):
            ctx.step.run(f"step-{number}", say, "x")

    player.define(many)
    player.send()
    with django_assert_max_num_queries(100) as said:
        player.work()
    assert sum("functionconfig" in str(one["sql"]) for one in said.captured_queries) == 1
