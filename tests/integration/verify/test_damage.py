"""Damage done by hand that looks much like what a healthy site does: only the damage is named."""

from __future__ import annotations

from datetime import timedelta

import durable
from durable import clock
from durable.models import Event, Run, Step, Wait, WaitPath
from durable.operations.verify import verify
from durable.store import get_store
from tests.harness import Player
from tests.integration import rows
from tests.integration.verify.looks import found, miss_event, named


def test_a_step_whose_invoked_run_is_gone_is_named(waiting: Run) -> None:
    gone = Run.objects.filter(parent=waiting)
    Step.objects.filter(run__in=gone).delete()
    gone.delete()
    (breach,) = verify(get_store(), pause=0).breaches
    assert str(breach) == (
        f"I26 step {waiting.steps.get(op='invoke').pk} of run {waiting.pk}: not true that a step waits "
        "for a run it invoked only while that goes on."
    )


def test_a_step_that_ended_before_its_invoked_run_was_removed_is_clean(ended: Run) -> None:
    gone = Run.objects.filter(parent=ended)
    Step.objects.filter(run__in=gone).delete()
    gone.delete()
    assert found() == []


def test_a_wait_whose_path_is_forgotten_is_named(waiting: Run) -> None:
    """A wait whose path nobody knows is passed over, though the event has the name."""
    WaitPath.objects.all().delete()
    assert named() == {"wait: events of the name that is waited for are looked at"}


def test_a_branch_of_another_tenant_than_its_run_is_named(player: Player) -> None:
    player.define(apart, fn_id="apart", fan_out=True, trigger=durable.TriggerEvent(event="apart"))
    durable.send(durable.Event(name="apart", tenant="acme", subject="shop.order:1"))
    player.worker.take_one()
    branches = Run.objects.filter(parent__isnull=False)
    assert (branches.count(), found()) == (2, [])
    branches.filter(step="a").update(tenant="another")
    assert found() == [str(branches.get(step="a").pk)]


def apart(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((lambda: ctx.step.run("a", int), lambda: ctx.step.run("b", int)))


def test_a_wait_that_a_worker_gave_back_after_its_time_is_clean(waiting: Run) -> None:
    """It comes due again at once, or after a minute at most, and then ends."""
    Wait.objects.update(expires=clock.now() - timedelta(minutes=10))
    Step.objects.filter(op="wait").update(due_at=clock.now() + timedelta(minutes=1))
    assert found() == []


def test_texts_are_read_a_page_at_a_time() -> None:
    events = sorted((rows.event() for _ in range(120)), key=lambda event: event.pk)
    Event.objects.filter(pk__in=[events[70].pk, events[-1].pk]).update(data="{cut of")
    assert found() == [str(events[70].pk), str(events[-1].pk)]


def test_an_event_that_cannot_be_read_is_no_missed_one(waiting: Run) -> None:
    miss_event("verify/answer")
    Event.objects.filter(name="verify/answer").update(data="{cut of")
    assert named() == {"event: the data of an event can be read"}
