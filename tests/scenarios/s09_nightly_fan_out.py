"""Each night a run for each tenant, in the tenant's own context; a tenant still at work is left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

import durable

AT_ONCE = 3  # tenants that are indexed at a time

_tenant: ContextVar[str] = ContextVar("tenant")


@contextmanager
def acting_for(tenant: str) -> Iterator[None]:
    """Have queries see one tenant only. Processes are shared: it has to be set in each body."""
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)


def customers() -> QuerySet[User]:
    """Return those of the tenant acted for; outside of one that is a LookupError."""
    return User.objects.filter(groups__name=_tenant.get()).order_by("username")


@durable.create_function(fn_id="nightly", trigger=durable.TriggerCron(cron="30 1 * * *"))
def nightly(ctx: durable.ContextSync) -> dict[str, object]:
    """Start a run for each tenant: three steps, however many there are."""
    night = ctx.event.data["scheduledAt"]
    names = ctx.step.run("list-tenants", tenants)
    ctx.step.send_event("fan-out", [due("tenant/night.due", name, night) for name in names])
    return {"night": night, "tenants": len(names)}


def due(event: str, tenant: str, night: str) -> durable.Event:
    """Return what starts a tenant's run: once for each night."""
    data = {"tenant": tenant, "night": night}
    return durable.Event(name=event, id=f"{tenant}/{night}", data=data)


def tenants() -> list[str]:
    """Return the names of all tenants."""
    found = Group.objects.filter(name__startswith="tenant-").order_by("name")
    return list(found.values_list("name", flat=True))


def give_up(ctx: durable.ContextSync) -> None:
    """Let the next night begin although this one failed."""
    ctx.step.run("release", release, ctx.event.data["event"]["data"]["tenant"])


@durable.create_function(
    fn_id="bill-tenant",
    trigger=durable.TriggerEvent(event="tenant/night.due"),
    on_failure=give_up,
)
def bill_tenant(ctx: durable.ContextSync) -> str:
    """Bill the customers of a tenant, unless last night's run is still at it."""
    data = ctx.event.data
    if not ctx.step.run("take", take, data["tenant"], atomic=True):
        return "skipped"
    for name in ctx.step.run("list-customers", list_customers, data["tenant"]):
        ctx.step.run("bill", bill, data["tenant"], name, data["night"], atomic=True)
    ctx.step.run("release", release, data["tenant"])
    return "billed"


def take(tenant: str) -> bool:
    """Mark a tenant as being at work; return whether it was not."""
    return Group.objects.get_or_create(name=f"{tenant} is at work")[1]


def release(tenant: str) -> None:
    """Mark a tenant as being done."""
    Group.objects.filter(name=f"{tenant} is at work").delete()


def list_customers(tenant: str) -> list[str]:
    """Return the names of a tenant's customers."""
    with acting_for(tenant):
        return [user.username for user in customers()]


def bill(tenant: str, name: str, night: str) -> None:
    """Write a bill. There cannot be two for a night."""
    with acting_for(tenant):
        customers().get(username=name).groups.create(name=f"{name} {night}")


@durable.create_function(
    fn_id="index-tenant",
    trigger=durable.TriggerEvent(event="tenant/index.due"),
    cancel=[
        durable.Cancel(
            event="tenant/index.due",
            if_exp="async.data.tenant == event.data.tenant && async.data.night > event.data.night",
        )
    ],
)
def index_tenant(ctx: durable.ContextSync) -> int:
    """Index the customers of a tenant. A newer night replaces the one that is still at work."""
    return len(ctx.step.run("index", list_customers, ctx.event.data["tenant"]))


@durable.create_function(fn_id="reindex", trigger=durable.TriggerCron(cron="@monthly"))
def reindex(ctx: durable.ContextSync) -> dict[str, Any]:
    """Index all tenants, a few at a time; what fails is counted."""
    names = ctx.step.run("list-tenants", tenants)
    night = ctx.event.data.get("scheduledAt", "")

    def index(tenant: str) -> int:
        data = {"tenant": tenant, "night": night}
        try:
            return int(ctx.step.invoke(tenant, function=index_tenant, data=data))
        except durable.StepError:
            return -1

    counts: list[int] = []
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        counts += ctx.group.parallel(tuple(partial(index, tenant) for tenant in some))
    return {"customers": sum(one for one in counts if one > 0), "failed": counts.count(-1)}
