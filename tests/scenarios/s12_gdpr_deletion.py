"""A user is erased after a month of grace: here and at all processors, with their receipts as proof."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from django.contrib.auth.models import Group, User

import durable

PROCESSORS = ("crm", "mail", "bank")
HOLD = "legal hold"


@durable.create_function(
    fn_id="erase-user",
    trigger=durable.TriggerEvent(event="gdpr/erasure.requested"),
    cancel=[
        durable.Cancel(event="gdpr/erasure.withdrawn", if_exp="async.data.user == event.data.user")
    ],
)
def erase_user(ctx: durable.ContextSync) -> dict[str, object]:
    """Wait, tell the processors, erase. Events and steps carry keys, never names or addresses."""
    user, folder = ctx.event.data["user"], ctx.event.data["folder"]
    ctx.step.sleep("grace", ctx.event.data.get("grace", "30d"))
    if ctx.step.run("is-erased", is_erased, user):
        return {"status": "was erased before"}
    while ctx.step.run("is-held", is_held, user):
        ctx.step.wait_for_event(
            "lifted", event="gdpr/hold.lifted", match="data.user", timeout="90d", lookback="1m"
        )
    receipts = ctx.group.parallel(
        tuple(
            partial(
                ctx.step.invoke,
                f"erase-at-{processor}",
                function=erase_at_processor,
                data={"user": user, "processor": processor, "folder": folder},
            )
            for processor in PROCESSORS
        )
    )
    ctx.step.run("erase", erase, user, atomic=True)
    return {"status": "erased", "proof": list(receipts)}


@durable.create_function(
    fn_id="erase-at-processor",
    trigger=durable.TriggerEvent(event="gdpr/processor.asked"),
    retries=5,
)
def erase_at_processor(ctx: durable.ContextSync) -> str:
    """Have one processor erase a user; return its receipt."""
    data = ctx.event.data
    return ctx.step.run("ask", ask, data["processor"], data["user"], data["folder"])


def ask(processor: str, user: int, folder: str) -> str:
    """Ask a processor, which knows the user by address. What it says of that must not be kept."""
    address = User.objects.get(pk=user).email
    try:
        return call(processor, address, folder)
    except ConnectionError as error:
        problem = type(error).__name__
    # Outside of the except: what was raised there would come along as the cause.
    raise RuntimeError(f"{processor} could not be asked: {problem}")


def call(processor: str, address: str, folder: str) -> str:
    """Be the processor's client. A processor gives the same receipt for the same address."""
    place = Path(folder)
    if (place / f"{processor}-is-away").exists():
        raise ConnectionError(f"{processor} does not answer about {address}")
    with (place / processor).open("a") as log:
        log.write(f"{address}\n")
    if (place / "slow").exists():
        time.sleep(0.5)
    return f"{processor} receipt"


def is_held(user: int) -> bool:
    """Whether a court wants the data to be kept."""
    return Group.objects.filter(name=HOLD, user=user).exists()


def is_erased(user: int) -> bool:
    """Whether nothing is left to erase."""
    return not User.objects.filter(pk=user).exclude(email="").exists()


def erase(user: int) -> None:
    """Leave a row without a person."""
    User.objects.filter(pk=user).update(
        username=f"erased-{user}", email="", first_name="", last_name="", is_active=False
    )
