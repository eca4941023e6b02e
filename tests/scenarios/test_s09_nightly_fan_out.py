"""The nightly fan-out: one run a night, one for each tenant, each in its own context."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User

import durable
from durable.engine import cron
from durable.models import Run, Schedule
from durable.store import get_store
from durable.testing import Workflows
from tests.acceptance.clusters import eventually
from tests.scenarios.s09_nightly_fan_out import (
    bill_tenant,
    customers,
    index_tenant,
    nightly,
    reindex,
)
from tests.scenarios.stage import new_cluster, on_a_cluster, send

TONIGHT, TOMORROW = "2031-01-01T01:30:00.000Z", "2031-01-02T01:30:00.000Z"


def settle_in(tenants: int, customers: int = 1) -> None:
    """Create so many tenants with customers."""
    groups = Group.objects.bulk_create([Group(name=f"tenant-{n}") for n in range(tenants)])
    for group in Group.objects.filter(name__in=[group.name for group in groups]):
        for number in range(customers):
            group.user_set.add(User.objects.create_user(f"user-{number}.{group.name}"))


def bills(night: str = "") -> list[str]:
    """Return who was billed."""
    found = Group.objects.filter(name__startswith="user-", name__endswith=night)
    return sorted(group.name.split()[0] for group in found)


def tenant_night(tenant: int, night: str = TONIGHT) -> durable.Event:
    data = {"tenant": f"tenant-{tenant}", "night": night}
    return durable.Event(name="tenant/night.due", data=data)


def come(days: int = 1) -> None:
    """Have the time of the nightly line come, so many nights ago."""
    cron.sync(get_store())
    row = Schedule.objects.get(function="nightly")
    Schedule.objects.filter(pk=row.pk).update(due_at=row.due_at - timedelta(days=days))


def test_each_tenant_is_billed_in_a_run_of_its_own(workflows: Workflows) -> None:
    settle_in(tenants=3, customers=2)
    run = workflows.run(nightly, {"scheduledAt": TONIGHT})
    workflows.settle()
    assert run.result == {"night": TONIGHT, "tenants": 3}
    children = workflows.assert_run_started(bill_tenant, {"night": TONIGHT}, times=3)
    assert {child.result for child in children} == {"billed"}
    assert bills(TONIGHT) == [f"user-{n}.tenant-{t}" for n in range(2) for t in range(3)]


def test_the_history_of_the_parent_does_not_grow_with_the_tenants(workflows: Workflows) -> None:
    Group.objects.bulk_create([Group(name=f"tenant-{number}") for number in range(1000)])
    run = workflows.run(nightly, {"scheduledAt": TONIGHT})
    assert [step.id for step in run.steps] == ["list-tenants", "fan-out"]
    assert Run.objects.filter(function="bill-tenant").count() == 1000


def test_two_schedulers_that_see_the_same_time_start_one_run(workflows: Workflows) -> None:
    come()
    seen = get_store().schedules.all()
    assert [cron.fire(get_store(), seen) for _ in range(2)] == [1, 0]
    assert Run.objects.filter(function="nightly").count() == 1


def test_nights_on_which_nobody_was_there_are_one_run_for_the_last(workflows: Workflows) -> None:
    come(days=5)
    coming = Schedule.objects.get(function="nightly").due_at + timedelta(days=4)
    cron.fire(get_store(), get_store().schedules.all())
    workflows.settle()
    (run,) = workflows.assert_run_started(nightly, times=1)
    assert run.result["night"] == f"{coming:%Y-%m-%dT%H:%M:%S}.000Z"


def test_a_night_that_is_replayed_bills_nobody_twice(workflows: Workflows) -> None:
    settle_in(tenants=2)
    run = workflows.run(nightly, {"scheduledAt": TONIGHT})
    workflows.settle()
    durable.replay(run.id)
    workflows.settle()
    workflows.assert_run_started(bill_tenant, times=2)
    assert len(bills()) == 2


def test_a_worker_killed_in_the_fan_out_starts_each_tenant_once(workflows: Workflows) -> None:
    settle_in(tenants=3)
    workflows.kill_after("fan-out", point="after_record")
    workflows.run(nightly, {"scheduledAt": TONIGHT}, through="1m")
    workflows.settle()
    workflows.assert_run_started(bill_tenant, times=3)


def test_a_tenant_still_at_work_is_skipped_and_others_are_not(workflows: Workflows) -> None:
    settle_in(tenants=2)
    workflows.kill_after("bill", function=bill_tenant)
    slow = workflows.run(bill_tenant, tenant_night(0))
    others = [workflows.run(bill_tenant, tenant_night(n, TOMORROW)) for n in range(2)]
    assert [run.result for run in others] == ["skipped", "billed"]
    workflows.settle(through="1m")
    assert workflows.get(slow).result == "billed"
    assert workflows.run(bill_tenant, tenant_night(0, "later")).result == "billed"


def test_a_worker_killed_as_it_takes_a_tenant_does_not_skip_it(workflows: Workflows) -> None:
    settle_in(tenants=1)
    workflows.kill_after("take", point="after_record")
    assert workflows.run(bill_tenant, tenant_night(0), through="1m").result == "billed"


def test_a_failed_tenant_fails_alone_and_may_begin_the_next_night(workflows: Workflows) -> None:
    settle_in(tenants=2)
    Group.objects.create(name=f"user-0.tenant-0 {TONIGHT}")  # in the way of its bill
    workflows.run(nightly, {"scheduledAt": TONIGHT})
    workflows.settle(through="1h")
    failed, done = workflows.assert_run_started(bill_tenant)
    assert sorted([failed.status, done.status]) == ["completed", "failed"]
    assert workflows.run(bill_tenant, tenant_night(0, TOMORROW)).result == "billed"


def test_a_newer_night_replaces_the_one_still_at_work(workflows: Workflows) -> None:
    settle_in(tenants=1)
    workflows.stub_step("index", raises=ConnectionError("the index is away"))
    data = {"tenant": "tenant-0", "night": TONIGHT}
    old = workflows.run(index_tenant, durable.Event(name="tenant/index.due", data=data))
    new = workflows.run(
        index_tenant, durable.Event(name="tenant/index.due", data={**data, "night": TOMORROW})
    )
    workflows.settle()
    assert [workflows.get(run).status for run in (old, new)] == ["cancelled", "queued"]


def test_no_more_tenants_are_at_work_than_the_parent_allows(workflows: Workflows) -> None:
    settle_in(tenants=8)
    at_work: list[int] = []

    def count(tenant: str) -> list[str]:
        open_runs = Run.objects.filter(function="index-tenant", ended=None)
        at_work.append(open_runs.count())
        if tenant == "tenant-5":
            raise durable.NonRetriableError("no index", quiet=True)
        return [tenant]

    workflows.stub_step("index", call=count)
    run = workflows.run(reindex)
    assert run.result == {"customers": 7, "failed": 1}
    assert max(at_work) == 3


def test_outside_of_a_body_no_tenant_is_acted_for(workflows: Workflows) -> None:
    settle_in(tenants=2)
    workflows.run(nightly, {"scheduledAt": TONIGHT})
    workflows.settle()
    with pytest.raises(LookupError):
        customers()


@on_a_cluster
def test_two_clusters_and_killed_workers_start_one_night_and_bill_each_tenant_once() -> None:
    settle_in(tenants=6, customers=3)
    with ExitStack() as stack:
        clusters = [stack.enter_context(new_cluster()) for _ in range(2)]
        for cluster in clusters:
            cluster.wait_until_ready()
        come()
        eventually(lambda: len(bills()) > 2, clusters[0].explain)
        clusters[0].kill(clusters[0].find("worker"))
        eventually(lambda: len(bills()) == 18, clusters[1].explain)
        children = Run.objects.filter(function="bill-tenant", status="completed")
        eventually(lambda: children.count() == 6, clusters[1].explain, seconds=15)
        assert Run.objects.filter(function="nightly").count() == 1
        assert {run.result for run in children} == {"billed"}


@on_a_cluster
def test_parallel_workers_never_mix_tenants() -> None:
    settle_in(tenants=4, customers=2)
    with new_cluster(workers=4) as cluster:
        cluster.wait_until_ready()
        for number in range(4):
            send("tenant/index.due", {"tenant": f"tenant-{number}", "night": TONIGHT})
            send("tenant/night.due", {"tenant": f"tenant-{number}", "night": TONIGHT})
        eventually(lambda: Run.objects.filter(status="completed").count() == 8, cluster.explain)
    assert {run.result for run in Run.objects.filter(function="index-tenant")} == {2}
    assert len(bills()) == 8
