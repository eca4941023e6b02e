"""Sleeps that are skipped and events that are given to one run: by hand, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import durable
from durable.errors import EventInvalidError, RunStateError, StepNotFoundError
from durable.models import Event, Run, Step, Wait
from durable.operations.intervene import deliver_to, skip_sleep
from tests.harness import Player, journal, note, say, steps_of

DAY = timedelta(days=1)


def rest(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", DAY)
    return ctx.step.run("after", say, "after")


def expect(ctx: durable.ContextSync) -> Any:
    event = ctx.step.wait_for_event("pay", event="order/paid", timeout=DAY, if_exp=IS_MINE)
    return None if event is None else [event.name, event.data, event.id]


IS_MINE = "event.data.order == async.data.order"


def begun(player: Player, handler: Any) -> Run:
    player.define(handler)
    run = player.send({"order": 7})
    player.work()
    return run


def test_a_skipped_sleep_ends_now_and_the_run_goes_on(player: Player) -> None:
    run = begun(player, rest)
    skip_sleep(run.pk, "nap")
    player.work()
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", "after")
    assert run.ended is not None
    assert run.ended - run.created < DAY


def test_a_sleep_is_known_by_its_number_too(player: Player) -> None:
    run = begun(player, rest)
    skip_sleep(str(run.pk), Step.objects.get(run=run).pk)
    player.work()
    run.refresh_from_db()
    assert run.status == "completed"


def test_a_sleep_is_skipped_once(player: Player) -> None:
    run = begun(player, rest)
    skip_sleep(run.pk, "nap")
    with pytest.raises(RunStateError, match=r"'nap' of run .* is over"):
        skip_sleep(run.pk, "nap")
    player.work()
    assert journal == ["after"]


def test_a_sleep_beside_others_leaves_those_asleep(player: Player) -> None:
    def both(ctx: durable.ContextSync) -> None:
        ctx.group.parallel((lambda: ctx.step.sleep("a", DAY), lambda: ctx.step.sleep("b", DAY)))

    run = begun(player, both)
    skip_sleep(run.pk, "b")
    player.work()
    run.refresh_from_db()
    assert steps_of(run) == {"a": "pending", "b": "done"}
    assert (run.status, run.pending) == ("waiting", 1)


def test_the_sleep_of_a_run_that_was_cancelled_is_over(player: Player) -> None:
    run = begun(player, rest)
    durable.cancel(run.pk)
    with pytest.raises(RunStateError, match="is over"):
        skip_sleep(run.pk, "nap")


def test_a_step_that_is_no_sleep_is_not_skipped(player: Player) -> None:
    run = begun(player, expect)
    with pytest.raises(RunStateError, match=r"'pay' of run .* is not a sleep"):
        skip_sleep(run.pk, "pay")


def test_a_step_that_does_not_exist_is_told_with_those_that_do(player: Player) -> None:
    run = begun(player, rest)
    with pytest.raises(
        StepNotFoundError, match=r"no step 'snooze'. Its sleeps and waits are: 'nap'"
    ):
        skip_sleep(run.pk, "snooze")


def test_an_event_is_given_to_the_run_that_waits(player: Player) -> None:
    run = begun(player, expect)
    event = deliver_to(run.pk, "pay", {"order": 7, "by": "hand"}).event
    player.work()
    run.refresh_from_db()
    assert run.result == ["order/paid", {"order": 7, "by": "hand"}, event]
    assert not Wait.objects.exists()


def test_a_given_event_need_not_meet_the_condition_and_may_have_another_name(
    player: Player,
) -> None:
    run = begun(player, expect)
    event = deliver_to(run.pk, "pay", {"order": 8}, name="order/settled").event
    player.work()
    run.refresh_from_db()
    assert run.result == ["order/settled", {"order": 8}, event]


def test_a_given_event_reaches_nobody_else_and_starts_nothing(player: Player) -> None:
    player.define(lambda ctx: note("started"), fn_id="other", trigger=paid())
    mine = begun(player, expect)
    player.send({"order": 7})
    player.work()
    event = deliver_to(mine.pk, "pay", {"order": 7}).event
    player.work()
    assert Wait.objects.count() == 1
    assert journal == []
    assert Event.objects.get(pk=event).route_at is None


def test_the_event_that_comes_first_wins(player: Player) -> None:
    run = begun(player, expect)
    durable.send(durable.Event(name="order/paid", data={"order": 7, "by": "sender"}))
    player.work()
    count = Event.objects.count()
    with pytest.raises(RunStateError, match="is over"):
        deliver_to(run.pk, "pay", {"order": 7})
    assert Event.objects.count() == count
    run.refresh_from_db()
    assert run.result[1] == {"order": 7, "by": "sender"}


def test_an_event_that_cannot_be_stored_is_refused(player: Player) -> None:
    run = begun(player, expect)
    with pytest.raises(EventInvalidError, match="reserved prefix"):
        deliver_to(run.pk, "pay", {}, name="durable/x")
    with pytest.raises(EventInvalidError, match="data must be a dict"):
        deliver_to(run.pk, "pay", [1])  # type: ignore[arg-type]
    assert steps_of(run) == {"pay": "pending"}


def paid() -> durable.TriggerEvent:
    return durable.TriggerEvent(event="order/paid")
