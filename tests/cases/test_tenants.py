"""Tenants: what is one's is not seen, woken, cancelled or counted by another's events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

import durable
from durable.errors import EventInvalidError
from durable.models import Event, Run, Wait
from tests.harness import EVENT, Player, steps_of, sync_and_async

HOUR = timedelta(hours=1)


def wait(ctx: durable.ContextSync, **options: Any) -> Any:
    event = ctx.step.wait_for_event("wait", event="order/paid", timeout=HOUR, **options)
    return None if event is None else event.data


async def await_it(ctx: durable.Context, **options: Any) -> Any:
    event = await ctx.step.wait_for_event("wait", event="order/paid", timeout=HOUR, **options)
    return None if event is None else event.data


BOTH = sync_and_async(wait, await_it)
WAYS = pytest.mark.parametrize(
    "options", [{}, {"match": "data.n"}, {"if_exp": "async.data.n == 7"}, {"if_exp": "async.data.n > 6"}]
)  # fmt: skip


def pay(tenant: str, n: int = 7, **fields: Any) -> str:
    event = durable.Event(name="order/paid", data={"n": n}, tenant=tenant, **fields)
    return durable.send(event)[0]


def begun(player: Player, handler: Any, tenant: str, **options: Any) -> Run:
    player.define(handler, **options)
    run = player.send({"n": 7}, tenant=tenant)
    player.work()
    return run


@BOTH
def test_a_run_has_the_tenant_of_its_event(player: Player, handler: Any) -> None:
    run = begun(player, handler, "acme")
    assert (run.tenant, Event.objects.get().tenant) == ("acme", "acme")
    assert not Run.objects.filter(tenant__in=["ACME", "acme ", "acmé"]).exists()


def test_the_function_sees_the_tenant(player: Player) -> None:
    player.define(lambda ctx: ctx.event.tenant)
    assert player.settle(player.send(tenant="acme")).result == "acme"


@WAYS
@pytest.mark.parametrize("other", ["", "globex", "ACME", "acme "])
def test_an_event_of_another_tenant_wakes_nobody(
    player: Player, options: dict[str, Any], other: str
) -> None:
    run = begun(player, lambda ctx: wait(ctx, **options), "acme")
    pay(other)
    assert player.settle(run).result is None


@WAYS
@BOTH
def test_an_event_of_the_same_tenant_wakes(
    player: Player, handler: Any, options: dict[str, Any]
) -> None:
    if handler is wait:
        run = begun(player, lambda ctx: wait(ctx, **options), "acme")
    else:

        async def one(ctx: durable.Context) -> Any:
            return await await_it(ctx, **options)

        run = begun(player, one, "acme")
    pay("acme")
    assert player.settle(run).result == {"n": 7}


@WAYS
def test_an_event_of_a_tenant_wakes_nobody_who_has_none(
    player: Player, options: dict[str, Any]
) -> None:
    run = begun(player, lambda ctx: wait(ctx, **options), "")
    pay("acme")
    assert player.settle(run).result is None


@pytest.mark.parametrize("options", [{}, {"match": "data.n"}])
@pytest.mark.parametrize(("tenant", "result"), [("acme", {"n": 7}), ("globex", None), ("", None)])
def test_a_look_back_finds_events_of_the_same_tenant(
    player: Player, options: dict[str, Any], tenant: str, result: Any
) -> None:
    pay(tenant)
    run = begun(player, lambda ctx: wait(ctx, lookback=HOUR, **options), "acme")
    assert player.settle(run).result == result


@pytest.mark.parametrize(("tenant", "status"), [("acme", "cancelled"), ("globex", "completed")])
def test_an_event_cancels_the_runs_of_its_tenant(player: Player, tenant: str, status: str) -> None:
    cancel = durable.Cancel(event="user/left")
    run = begun(player, lambda ctx: ctx.step.sleep("nap", HOUR), "acme", cancel=[cancel])
    durable.send(durable.Event(name="user/left", tenant=tenant))
    assert player.settle(run).status == status
    assert status == "completed" or not Wait.objects.exists()


def send(ctx: durable.ContextSync) -> list[str]:
    return ctx.step.send_event("tell", durable.Event(name="told"))


async def asend(ctx: durable.Context) -> list[str]:
    return await ctx.step.send_event("tell", [durable.Event(name="told")])


@sync_and_async(send, asend)
def test_what_a_step_sends_has_the_tenant_and_the_subject_of_the_run(
    player: Player, handler: Any
) -> None:
    player.define(handler)
    (sent,) = player.settle(player.send(tenant="acme", subject="shop.order:7")).result
    told = Event.objects.get(pk=sent)
    assert (told.tenant, told.subject) == ("acme", "shop.order:7")


def test_what_a_step_sends_may_name_another_tenant(player: Player) -> None:
    event = durable.Event(name="told", tenant="globex", subject="shop.order:8")
    player.define(lambda ctx: ctx.step.send_event("tell", event))
    (sent,) = player.settle(player.send(tenant="acme", subject="shop.order:7")).result
    told = Event.objects.get(pk=sent)
    assert (told.tenant, told.subject) == ("globex", "shop.order:8")


def test_who_is_invoked_has_the_tenant_and_the_subject(player: Player) -> None:
    callee = player.define(
        lambda ctx: ctx.event.tenant,
        fn_id="callee",
        trigger=durable.TriggerEvent(event="nobody/sends.this"),
    )
    player.define(lambda ctx: ctx.step.invoke("call", function=callee))
    run = player.settle(player.send(tenant="acme", subject="shop.order:7"))
    child = Run.objects.get(parent=run)
    assert (run.result, child.tenant, child.subject) == ("acme", "acme", "shop.order:7")
    assert steps_of(run) == {"call": "done"}


def test_the_handler_of_a_failure_has_the_tenant(player: Player) -> None:
    def fail(ctx: durable.ContextSync) -> None:
        raise durable.NonRetriableError("no")

    player.define(fail, on_failure=lambda ctx: ctx.event.tenant)
    player.settle(player.send(tenant="acme"))
    handler = player.settle(Run.objects.get(function="case-failure"))
    assert (handler.tenant, handler.result) == ("acme", "acme")


def test_a_replay_has_the_tenant(player: Player) -> None:
    run = begun(player, lambda ctx: ctx.event.tenant, "acme")
    for input in (None, {"n": 8}):
        again = Run.objects.get(pk=durable.replay(run.pk, input=input))
        assert (player.settle(again).result, again.tenant) == ("acme", "acme")


def test_an_id_counts_once_in_each_tenant() -> None:
    sent = {tenant: pay(tenant, id="a") for tenant in ("", "acme", "globex")}
    assert len(set(sent.values())) == 3
    assert {tenant: pay(tenant, id="a") for tenant in sent} == sent


def test_a_key_of_a_function_counts_once_in_each_tenant(player: Player) -> None:
    player.define(lambda ctx: None, idempotency="event.data.n")
    for tenant in ("", "acme", "globex", "acme", ""):
        durable.send(durable.Event(name=EVENT, data={"n": 1}, tenant=tenant))
    assert sorted(Run.objects.values_list("tenant", flat=True)) == ["", "acme", "globex"]


@pytest.mark.parametrize("tenant", [None, 7, "x" * 129, "a\0", "\ud800"])
def test_a_tenant_that_cannot_be_stored_is_refused(tenant: Any) -> None:
    with pytest.raises(EventInvalidError, match="tenant") as refused:
        pay(tenant)
    assert refused.value.field == "tenant"
    assert not Event.objects.exists()


@pytest.mark.postgres
@pytest.mark.parametrize("column", ["tenant", "subject"])
def test_lists_of_a_tenant_and_of_a_subject_are_read_from_their_index(column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    newest = Run.objects.filter(**{column: "shop.order:7"}).order_by("-pk")[:50]
    assert f"durable_run_{column}_idx" in newest.explain()
