"""An order: charge, fulfil, confirm, one after the other. A charge is never made twice."""

from __future__ import annotations

import durable
from tests.harness import Handler, Player, give, journal, note, sync_and_async


def charge(order: str) -> str:
    return give("charge", f"charge of {order}")


def fulfil(order: str) -> str:
    note("fulfil")
    if journal.count("fulfil") <= 2:
        raise ConnectionError("the warehouse does not answer")
    return f"parcel of {order}"


def confirm(charge_id: str, parcel: str) -> str:
    return give("confirm", f"{charge_id}, {parcel}")


def process_order(ctx: durable.ContextSync) -> str:
    order = ctx.event.data["order"]
    charge_id = ctx.step.run("charge", charge, order)
    parcel = ctx.step.run("fulfil", fulfil, order)
    return ctx.step.run("confirm", confirm, charge_id, parcel)


async def process_order_async(ctx: durable.Context) -> str:
    order = ctx.event.data["order"]
    charge_id = await ctx.step.run("charge", charge, order)
    parcel = await ctx.step.run("fulfil", fulfil, order)
    return await ctx.step.run("confirm", confirm, charge_id, parcel)


@sync_and_async(process_order, process_order_async)
def test_only_the_fulfilment_is_tried_again(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"order": "A1"})
    assert run.result == "charge of A1, parcel of A1"
    assert journal == ["charge", "fulfil", "fulfil", "fulfil", "confirm"]


@sync_and_async(process_order, process_order_async)
def test_an_order_that_cannot_be_fulfilled_is_not_confirmed(
    player: Player, handler: Handler
) -> None:
    run = player.play(handler, {"order": "A1"}, retries=1)
    assert run.failure is not None
    assert run.failure["message"] == "the warehouse does not answer"
    assert journal == ["charge", "fulfil", "fulfil"]
