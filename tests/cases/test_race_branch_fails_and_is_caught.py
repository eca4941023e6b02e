"""A branch of a RACE fails, the author catches it, and the function goes on beside what is still open."""

from __future__ import annotations

import durable
from durable import ParallelMode
from tests.harness import Player, say, steps_of, stumble


def fail() -> None:
    raise durable.NonRetriableError("no luck")


def race(ctx: durable.ContextSync) -> str:
    try:
        ctx.group.parallel(
            (
                lambda: ctx.step.run("fails", fail),
                lambda: ctx.step.run("slow", say, "slow"),
            ),
            ParallelMode.RACE,
        )
    except durable.StepError as error:
        return error.message
    return ""


def then_a_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("plan b", say, race(ctx))


def then_a_group(ctx: durable.ContextSync) -> list[str]:
    message = race(ctx)
    return list(
        ctx.group.parallel(
            (
                lambda: ctx.step.run("plan b", say, message),
                lambda: ctx.step.run("mail", stumble, "mail"),
            )
        )
    )


def test_the_function_goes_on_with_another_step(player: Player) -> None:
    run = player.play(then_a_step)
    assert run.failure is None
    assert run.result == "no luck"


def test_the_function_goes_on_with_another_group(player: Player) -> None:
    run = player.play(then_a_group)
    assert run.failure is None
    assert run.result == ["no luck", "mail"]


def test_what_was_still_open_is_not_called_missing(player: Player) -> None:
    run = player.play(then_a_group)
    assert steps_of(run)["slow"] != "failed"
