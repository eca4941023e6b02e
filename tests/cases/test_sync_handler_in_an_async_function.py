"""An async function may give its steps plain handlers: they may use the ORM, which the loop may not."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import Group

import durable
from tests.harness import Player, asay, journal, say


def count_groups(name: str) -> int:
    Group.objects.create(name=name)
    return Group.objects.count()


async def one(ctx: durable.Context) -> int:
    return await ctx.step.run("count", count_groups, "one")


async def several(ctx: durable.Context) -> list[int]:
    return await asyncio.gather(
        *[ctx.step.run("count", count_groups, name) for name in ("one", "two")]
    )


async def mixed(ctx: durable.Context) -> list[str]:
    return list(
        await ctx.group.parallel(
            (
                lambda: ctx.step.run("plain", say, "plain"),
                lambda: ctx.step.run("awaited", asay, "awaited"),
                lambda: ctx.step.run("wrapped", lambda: asay("wrapped")),
            )
        )
    )


@pytest.mark.parametrize("strict", [True, False])
def test_it_may_use_the_orm(player: Player, strict: bool) -> None:
    assert player.play(one, strict=strict).result == 1


def test_several_may_too(player: Player) -> None:
    assert player.play(several).result == [1, 2]


def test_both_kinds_may_stand_side_by_side(player: Player) -> None:
    assert player.play(mixed).result == ["plain", "awaited", "wrapped"]
    assert set(journal) == {"plain", "awaited", "wrapped"}
