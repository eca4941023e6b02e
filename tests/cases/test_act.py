"""What people do to runs: each verb, its line in the audit log, and the same to many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import durable
from durable.authoring.registry import registry
from durable.errors import RunStateError
from durable.models import Operation, Run
from durable.operations import failed_step
from durable.operations.act import Deed, act
from durable.operations.audit import Actor
from durable.operations.selection import Selection
from durable.own import bulk
from tests.harness import Player, journal, say

ANNA = Actor(who="anna", via="admin")


def fail(ctx: durable.ContextSync) -> None:
    ctx.step.run("works", say, "works")
    ctx.step.run("breaks", broken, retries=0)


def broken() -> None:
    journal.append("breaks")
    raise ValueError("no luck")


def test_a_deed_is_written_down_with_who_and_what_it_changed(player: Player) -> None:
    run = player.play(fail)
    act(ANNA, Deed(verb="retry", run=run.pk))
    row = Operation.objects.get()
    assert (row.who, row.via, row.action, row.target) == ("anna", "admin", "retry", str(run.pk))
    assert row.change == ({"status": "failed"}, {"status": "queued"})


def test_what_is_refused_is_not_written_down(player: Player) -> None:
    run = player.play(lambda ctx: 1)
    with pytest.raises(RunStateError, match="is completed: only a run that has not ended"):
        act(ANNA, Deed(verb="cancel", run=run.pk))
    assert not Operation.objects.exists()


def test_cancelling_twice_cancels_once(player: Player) -> None:
    player.define(fail)
    run = player.send()
    assert act(ANNA, Deed(verb="cancel", run=run.pk)).is_new
    assert not act(ANNA, Deed(verb="cancel", run=run.pk)).is_new
    assert Operation.objects.count() == 1


def test_the_same_wish_sent_twice_makes_one_replay(player: Player) -> None:
    run = player.play(fail)
    wish = Deed(verb="replay", run=run.pk, data={"other": 1}, once="w1")
    first, second = act(ANNA, wish), act(ANNA, wish)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.made == second.made
    assert Run.objects.exclude(pk=run.pk).count() == 1


def test_each_verb_reaches_its_part_of_the_engine(player: Player) -> None:
    def rest(ctx: durable.ContextSync) -> Any:
        ctx.step.sleep("nap", timedelta(days=1))
        event = ctx.step.wait_for_event("pay", event="order/paid", timeout=timedelta(days=1))
        return event.id if event else None

    player.define(rest)
    run = player.send()
    player.work()
    act(ANNA, Deed(verb="skip", run=run.pk, step="nap"))
    player.work()
    event = act(ANNA, Deed(verb="deliver", run=run.pk, step="pay", data={"n": 1})).made
    player.work()
    run.refresh_from_db()
    assert run.result == event
    assert act(ANNA, Deed(verb="erase", run=run.pk)).is_new
    actions = list(Operation.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["skip", "deliver", "erase"]


def completed(player: Player) -> Run:
    trigger = durable.TriggerEvent(event="case/other")
    player.define(lambda ctx: 1, fn_id="fine", trigger=trigger)
    return player.settle(player.send(name="case/other"))


def asked(player: Player, verb: str, selection: Selection, once: str = "w") -> Run:
    registry.add(bulk.act_on_all)
    return Run.objects.get(pk=bulk.ask(ANNA, verb, selection, once))


def test_many_failed_runs_are_retried_page_by_page(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_PAGE", 2)
    player.define(fail)
    runs = [player.settle(player.send()) for _ in range(5)]
    other = completed(player)
    journal.clear()
    run = asked(player, "retry", Selection(status="failed", function="case"))
    player.settle(run)
    assert run.result == {"total": 5, "done": 5, "refused": 0, "examples": []}
    assert journal.count("works") == 0
    lines = Operation.objects.filter(action="retry")
    assert {line.target for line in lines} == {str(one.pk) for one in runs}
    assert [line.change[1] for line in lines] == [{"status": "queued", "bulk": str(run.pk)}] * 5
    other.refresh_from_db()
    assert other.status == "completed"


def test_what_cannot_be_done_to_some_is_told_and_the_rest_is_done(player: Player) -> None:
    failed = player.play(fail)
    done = completed(player)
    chosen = Selection(ids=(str(failed.pk), str(done.pk)))
    run = player.settle(asked(player, "retry", chosen))
    assert (run.result["done"], run.result["refused"]) == (1, 1)
    assert f"Run {done.pk} of 'fine' is completed" in run.result["examples"][0]
    assert bulk.progress(player.store.alias, run) == run.result


def test_an_event_is_delivered_to_many(player: Player) -> None:
    def expect(ctx: durable.ContextSync) -> Any:
        event = ctx.step.wait_for_event("pay", event="order/paid", timeout=timedelta(days=1))
        return event.data if event else None

    player.define(expect)
    runs = [player.send() for _ in range(2)]
    player.work()
    registry.add(bulk.act_on_all)
    bulk.ask(ANNA, "deliver", Selection(function="case"), "w", {"n": 7})
    player.work()
    for run in runs:
        run.refresh_from_db()
    assert [run.result for run in runs] == [{"n": 7}] * 2


def test_many_are_replayed_from_a_step_with_fields_of_their_input_replaced(player: Player) -> None:
    def pay(ctx: durable.ContextSync) -> Any:
        ctx.step.run("load", say, "loaded")
        return ctx.step.run("charge", dict, ctx.event.data)

    player.define(pay)
    runs = [player.settle(player.send({"order": n, "card": "old"})) for n in range(2)]
    journal.clear()
    registry.add(bulk.act_on_all)
    bulk.ask(ANNA, "replay", Selection(function="case"), "w", {"card": "new"}, "charge")
    player.work()
    new = Run.objects.filter(replay_of__in=[run.pk for run in runs]).order_by("pk")
    assert sorted((run.result["order"], run.result["card"]) for run in new) == [
        (0, "new"),
        (1, "new"),
    ]
    assert journal == []


def test_many_without_the_step_are_refused_and_said_so(player: Player) -> None:
    done = completed(player)
    registry.add(bulk.act_on_all)
    pk = bulk.ask(ANNA, "replay", Selection(ids=(str(done.pk),)), "w", None, "no-such")
    run = player.settle(Run.objects.get(pk=pk))
    assert (run.result["done"], run.result["refused"]) == (0, 1)
    assert "has no step 'no-such'" in run.result["examples"][0]


def test_all_with_a_failed_step_are_those_of_the_list_although_others_follow(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_step, "NEWEST", 3)
    monkeypatch.setattr(bulk, "_PAGE", 2)
    player.define(fail)
    runs = [player.settle(player.send()) for _ in range(5)]
    listed = Selection(failed_step="breaks").of(Run.objects.using(player.store.alias))
    assert {run.pk for run in listed} == {run.pk for run in runs[2:]}
    run = player.settle(asked(player, "erase", Selection(failed_step="breaks")))
    assert (run.result["total"], run.result["done"]) == (3, 3)
    erased = Run.objects.filter(function="case").exclude(erased=None)
    assert {one.pk for one in erased} == {run.pk for run in runs[2:]}


def test_a_wish_for_many_is_granted_once(player: Player) -> None:
    first, second = (asked(player, "retry", Selection(status="failed"), "w") for _ in range(2))
    assert first.pk == second.pk
    assert Operation.objects.get().action == "retry many"


def test_runs_that_begin_after_the_wish_are_left_alone(player: Player) -> None:
    player.define(fail)
    run = asked(player, "cancel", Selection(function="case"))
    late = player.send()
    player.settle(run)
    late.refresh_from_db()
    assert late.status != "cancelled"


@pytest.mark.parametrize("tenant", ["", "acme"])
def test_what_is_done_to_many_is_not_done_to_the_runs_that_do_it(
    player: Player, tenant: str
) -> None:
    for once in ("first", "second"):
        asked(player, "cancel", Selection(tenant=tenant), once)
    assert bulk.meant("cancel", Selection(tenant=tenant)) == 0


def test_a_bare_run_has_no_progress_of_many(player: Player) -> None:
    assert bulk.progress(player.store.alias, player.play(lambda ctx: 1)) is None


def test_what_somebody_asked_for_is_not_replayed_by_who_may_not_ask(player: Player) -> None:
    registry.add(bulk.act_on_all)
    run = Run.objects.get(pk=bulk.ask(ANNA, "cancel", Selection(function="case"), "w"))
    other = {"verb": "erase", "selection": {}, "who": "anna", "via": "admin"}
    with pytest.raises(RunStateError, match="neither retried nor replayed"):
        act(Actor(who="eve", via="api"), Deed(verb="replay", run=run.pk, data=other))
    assert Run.objects.count() == 1


def test_what_was_stopped_in_the_middle_is_not_gone_on_with_by_who_may_not_ask(
    player: Player,
) -> None:
    registry.add(bulk.act_on_all)
    run = Run.objects.get(pk=bulk.ask(ANNA, "erase", Selection(function="case"), "w"))
    act(ANNA, Deed(verb="cancel", run=run.pk))
    with pytest.raises(RunStateError, match="neither retried nor replayed"):
        act(Actor(who="eve", via="api"), Deed(verb="retry", run=run.pk))
