"""A paused function begins nothing new; what queued meanwhile starts in the order of its creation."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import durable
from durable import clock
from durable.engine.overrides import overrides
from durable.models import Operation, Run, StepStatus
from durable.operations.audit import Actor
from durable.operations.configure import pause_function, resume_function
from durable.operations.explain import explain
from tests.harness import Player, journal, say

ANNA = Actor(who="anna", via="admin")


def pause() -> bool:
    done = pause_function("case", actor=ANNA)
    overrides.forget()  # as a second later
    return bool(done)


def resume() -> bool:
    return bool(resume_function("case", actor=ANNA))


def two(ctx: durable.ContextSync) -> str:
    return ctx.step.run("one", say, "one") + ctx.step.run("two", say, "two")


def test_runs_of_a_paused_function_queue_and_say_so(player: Player) -> None:
    player.define(two)
    pause()
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert (run.status, run.due_at, run.started, run.owner) == ("queued", None, None, None)
    assert explain(player.store.alias, [run])[run.pk].why == "The function is paused."
    assert journal == []


def test_resumed_runs_start_in_the_order_of_their_creation(player: Player) -> None:
    player.define(lambda ctx: journal.append(ctx.event.data["n"]))
    pause()
    for number in range(3):
        player.send({"n": str(number)})
        player.work()
        clock.travel(timedelta(seconds=1))
    assert resume()
    player.work()
    assert journal == ["0", "1", "2"]


def test_a_run_at_work_rests_before_its_next_step_and_goes_on_there(player: Player) -> None:
    def stopped_midway(ctx: durable.ContextSync) -> str:
        return ctx.step.run("one", pause_within) + ctx.step.run("two", say, "two")

    def pause_within() -> str:
        pause()
        return say("one")

    player.define(stopped_midway)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert (run.status, run.due_at, journal) == ("queued", None, ["one"])
    resume()
    assert player.settle(run).result == "onetwo"
    assert journal == ["one", "two"]


def test_planned_steps_wait_too(player: Player) -> None:
    def group(ctx: durable.ContextSync) -> list[str]:
        names = ("a", "b", "c")
        steps = tuple(partial(ctx.step.run, name, say, name) for name in names)
        return list(ctx.group.parallel(steps))

    player.define(group, strict=True)
    run = player.send()
    player.worker.take_one()
    pause()
    player.work()
    run.refresh_from_db()
    open_steps = run.steps.filter(status=StepStatus.PENDING, due_at=None)
    assert (open_steps.count(), run.status, journal) == (3, "waiting", [])
    assert "The function is paused." in explain(player.store.alias, [run])[run.pk].why
    resume()
    assert player.settle(run).result == ["a", "b", "c"]


def test_a_sleep_ends_in_its_time_while_its_function_is_paused(player: Player) -> None:
    def naps(ctx: durable.ContextSync) -> str:
        ctx.step.sleep("nap", timedelta(seconds=60))
        return ctx.step.run("one", say, "one")

    player.define(naps)
    run = player.send()
    player.work()
    pause()
    clock.travel(timedelta(seconds=61))
    player.work()
    run.refresh_from_db()
    assert (run.steps.get().status, run.status, journal) == ("done", "queued", [])
    resume()
    assert player.settle(run).result == "one"


def test_other_functions_go_on(player: Player) -> None:
    player.define(two)
    player.define(two, fn_id="other", trigger=durable.TriggerEvent(event="other"))
    pause()
    durable.send(durable.Event(name="other"))
    player.work()
    assert Run.objects.get().status == "completed"


def test_a_run_that_was_held_back_can_be_cancelled(player: Player) -> None:
    player.define(two)
    pause()
    run = player.send()
    player.work()
    assert durable.cancel(run.pk)
    resume()
    player.work()
    run.refresh_from_db()
    assert (run.status, journal) == ("cancelled", [])


def test_a_run_held_back_too_long_is_cancelled_if_its_function_says_so(player: Player) -> None:
    player.define(two, timeouts=durable.Timeouts(start=timedelta(seconds=30)))
    pause()
    run = player.send()
    player.settle(run)
    assert run.status == "cancelled"
    assert "had not started" in run.reason


def test_work_is_not_held_back_once_the_function_is_resumed(player: Player) -> None:
    player.define(two)
    pause()
    run = player.send()
    overrides.look(player.store)
    resume()  # what this process saw a moment ago is still that it is paused
    assert overrides.of("case").is_paused
    assert player.settle(run).result == "onetwo"


def test_pausing_and_resuming_are_written_down_once(player: Player) -> None:
    player.define(two)
    assert (pause(), pause(), resume(), resume()) == (True, False, True, False)
    assert [one.action for one in Operation.objects.order_by("id")] == ["pause", "resume"]
