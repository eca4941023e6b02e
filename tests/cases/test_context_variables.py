"""What the function sets in a context variable, the bodies of its steps can read."""

from __future__ import annotations

from contextvars import ContextVar

import pytest

import durable
from tests.harness import Handler, Player

tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


async def read() -> str:
    return tenant.get()


def sync_function(ctx: durable.ContextSync) -> list[str]:
    tenant.set("acme")
    grouped = ctx.group.parallel(
        (lambda: ctx.step.run("a", tenant.get), lambda: ctx.step.run("b", tenant.get))
    )
    return [ctx.step.run("alone", tenant.get), *grouped]


async def async_function(ctx: durable.Context) -> list[str]:
    tenant.set("acme")
    grouped = await ctx.group.parallel(
        (lambda: ctx.step.run("a", read), lambda: ctx.step.run("b", tenant.get))
    )
    return [await ctx.step.run("alone", read), *grouped]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("handler", [sync_function, async_function])
def test_bodies_read_it(player: Player, handler: Handler, strict: bool) -> None:
    assert player.play(handler, strict=strict).result == ["acme", "acme", "acme"]


@pytest.mark.parametrize("handler", [sync_function, async_function])
def test_it_does_not_leak_out_of_the_run(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert tenant.get() == "nobody"
