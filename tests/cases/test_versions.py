"""A run is recorded with the version of its function that it was started with."""

from __future__ import annotations

import durable
from durable.authoring.registry import registry
from durable.authoring.version import version_of
from durable.models import Run
from tests.harness import EVENT, Player, say


def first(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", 60_000)
    return ctx.step.run("step", say, "first")


def second(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", 60_000)
    return ctx.step.run("step", say, "second")


def test_it_is_that_of_the_worker_and_not_of_who_sent_the_event(player: Player) -> None:
    player.define(first)
    run = player.send()
    deploy(player)
    player.work()
    run.refresh_from_db()
    assert run.version == version_of(second)


def test_it_stays_though_other_code_ends_the_run(player: Player) -> None:
    player.define(first)
    run = player.send()
    player.work()
    deploy(player)
    player.settle(run)
    assert (run.result, run.version) == ("second", version_of(first))


def test_a_run_that_was_made_by_who_does_not_know_the_function_has_one_in_the_end(
    player: Player,
) -> None:
    function = player.define(first)
    run = player.send()
    Run.objects.update(version="", claim=3)
    player.settle(run)
    assert run.version == function.version


def test_a_replay_has_one_of_its_own(player: Player) -> None:
    run = player.play(first)
    deploy(player)
    copy = Run.objects.get(pk=durable.replay(str(run.pk)))
    assert player.settle(copy).version == version_of(second)


def deploy(player: Player) -> None:
    """Have other code from now on."""
    registry.functions.pop("case")
    player.define(second, trigger=durable.TriggerEvent(event=f"{EVENT} no more"))
