"""Sign-up: create the profile, then send the welcome e-mail and start the billing trial in parallel."""

from __future__ import annotations

import durable
from tests.harness import Handler, Player, give, journal, note, steps_of, sync_and_async


def create_profile(email: str) -> dict[str, object]:
    return give("create profile", {"id": 7, "email": email})


def send_welcome(profile: dict[str, object]) -> str:
    return give("send welcome", f"mail to {profile['email']}")


def start_trial(profile: dict[str, object]) -> dict[str, object]:
    note("start trial")
    if journal.count("start trial") == 1:
        raise ConnectionError("billing does not answer")
    return {"customer": profile["id"], "days": 14}


def sign_up(ctx: durable.ContextSync) -> dict[str, object]:
    profile = ctx.step.run("create-profile", create_profile, ctx.event.data["email"])
    mail, trial = ctx.group.parallel(
        (
            lambda: ctx.step.run("send-welcome", send_welcome, profile),
            lambda: ctx.step.run("start-trial", start_trial, profile),
        )
    )
    return {"mail": mail, "trial": trial}


async def sign_up_async(ctx: durable.Context) -> dict[str, object]:
    profile = await ctx.step.run("create-profile", create_profile, ctx.event.data["email"])
    mail, trial = await ctx.group.parallel(
        (
            lambda: ctx.step.run("send-welcome", send_welcome, profile),
            lambda: ctx.step.run("start-trial", start_trial, profile),
        )
    )
    return {"mail": mail, "trial": trial}


@sync_and_async(sign_up, sign_up_async)
def test_only_the_trial_is_tried_again(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"email": "a@example.org"})
    assert run.result == {"mail": "mail to a@example.org", "trial": {"customer": 7, "days": 14}}
    assert journal[0] == "create profile"
    assert set(journal[1:3]) == {"send welcome", "start trial"}
    assert journal[3:] == ["start trial"]


@sync_and_async(sign_up, sign_up_async)
def test_three_steps_are_remembered(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"email": "a@example.org"})
    assert steps_of(run) == {
        "create-profile": "done",
        "send-welcome": "done",
        "start-trial": "done",
    }
    assert run.steps.get(name="start-trial").attempt == 1
