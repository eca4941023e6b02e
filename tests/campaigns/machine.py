"""H: random functions, and random things that happen to them, against what they must come to.

A program is a tree of steps, sleeps, waits, groups and invocations, with the result it must return. Then things
happen to its runs, in any order: work, with a fault or without, time that passes, events, ones sent twice,
replays, retries. After each of them all sentences of `verify` are true; in the end all runs have ended, with
the result that was reckoned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

import durable
from durable import clock
from durable.authoring.registry import Registry, registry
from durable.models import Run
from tests.campaigns.crash import ENDS
from tests.campaigns.points import Fault, Injector
from tests.campaigns.scenarios.scenario import act, function, stumble
from tests.campaigns.stage import LEASE, SETTINGS, Stage, staged
from tests.campaigns.truth import UntrueError, hold_always
from tests.invariants.actors import let_go

SPANS = (0.5, 5.0, LEASE + 1, 7200.0, 90_000.0)  # seconds


@dataclass(frozen=True)
class Part:
    """A piece of a program: a step, or parts one after the other or side by side."""

    kind: str
    parts: tuple[Part, ...] = ()


_LEAVES = ("step", "shaky", "atomic", "sleep", "wait", "send", "invoke")
_LEAF = st.builds(Part, st.sampled_from(_LEAVES))


def _together(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(Part, st.sampled_from(("chain", "group")), some)


PROGRAMS = st.recursive(_LEAF, _together, max_leaves=6)


@dataclass(frozen=True)
class Event:
    """Something that happens: a kind, and a number whose meaning the kind decides."""

    kind: str
    number: int = 0
    fault: Fault = Fault.KILL_BEFORE


HAPPENINGS = st.lists(
    st.one_of(
        st.builds(Event, st.sampled_from(("work", "answer", "again", "replay", "cancel a copy"))),
        st.builds(Event, st.just("time"), st.integers(0, len(SPANS) - 1)),
        st.builds(Event, st.just("fault"), st.integers(1, 60), st.sampled_from(list(Fault))),
    ),
    max_size=12,
)


def run(ctx: durable.ContextSync, part: Part, place: str = "p") -> Any:
    """Play a program."""
    branches = [partial(run, ctx, one, f"{place}.{n}") for n, one in enumerate(part.parts)]
    match part.kind:
        case "chain":
            return [branch() for branch in branches]
        case "group":
            return list(ctx.group.parallel(tuple(branches)))
        case "step" | "atomic":
            ctx.step.run(place, act, place, atomic=part.kind == "atomic")
        case "shaky":
            ctx.step.run(place, stumble, place)
        case "sleep":
            ctx.step.sleep(place, timedelta(hours=1))
        case "wait":
            ctx.step.wait_for_event(place, event="answer", timeout=timedelta(hours=2))
        case "send":
            ctx.step.send_event(place, durable.Event(name="told"))
        case _:
            return ctx.step.invoke_by_id(place, function_id="child")
    return place


def reckoned(part: Part, place: str = "p") -> Any:
    """Return what a program must come to."""
    if part.kind in ("chain", "group"):
        return [reckoned(one, f"{place}.{n}") for n, one in enumerate(part.parts)]
    return "child" if part.kind == "invoke" else place


def child(ctx: durable.ContextSync) -> str:
    """Be invoked."""
    ctx.step.sleep("nap", timedelta(minutes=30))
    return "child"


def happen(stage: Stage, event: Event) -> None:
    """Have one thing happen."""
    match event.kind:
        case "time":
            clock.travel(timedelta(seconds=SPANS[event.number]))
        case "fault":
            _with(stage, Injector(event.fault, event.number), stage.work)
        case "answer":
            stage.send("answer", f"answer {len(stage.ledger)}")
        case "again":
            stage.send("go", "go")
        case "replay":
            durable.replay(stage.run_of("f", "go").pk)
        case "cancel a copy":
            for copy in Run.objects.filter(replay__gt=0, ended=None)[:1]:
                durable.cancel(copy.pk)
        case _:
            stage.work(3)


def _with(stage: Stage, injector: Injector, do: Callable[[], None]) -> None:
    stage.boot()
    stage.injector = injector
    try:
        with injector.on():
            do()
    except ENDS as error:
        let_go(error)
    finally:
        stage.injector = Injector()
        if injector.has_struck:
            connection.close()


def play(program: Part, mode: durable.ParallelMode, strict: bool, events: list[Event]) -> None:
    """Play a program with what happens to it.

    Raises:
        UntrueError: a sentence was broken, or it came to something else.
    """
    registry.restore(Registry())
    function(lambda ctx: run(ctx, program), "f", parallel_mode=mode, strict=strict, retries=9)
    function(child, "child", "never", retries=9)
    # Each of them may kill who is at the same step.
    patient = override_settings(DURABLE={**SETTINGS, "MAX_CRASHES": len(events) + 1})
    with patient, staged() as stage:
        stage.send("go", "go")
        for event in events:
            happen(stage, event)
            hold_always(stage)
        stage.boot()
        stage.rest()
        hold_always(stage)
        for row in Run.objects.filter(function="f").exclude(status="cancelled"):
            if (row.status, row.result) != ("completed", reckoned(program)):
                raise UntrueError(f"{row.status} {row.result} {row.failure}\n{stage.tell()}")


def explore(examples: int, number: int) -> None:
    """Play so many random programs.

    Args:
        examples: how many.
        number: the seed.

    Raises:
        UntrueError: one came to something else; the message has the smallest one found.
    """

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        program=PROGRAMS,
        mode=st.sampled_from(list(durable.ParallelMode)),
        strict=st.booleans(),
        events=HAPPENINGS,
    )
    def any_program(
        program: Part, mode: durable.ParallelMode, strict: bool, events: list[Event]
    ) -> None:
        try:
            play(program, mode, strict, events)
        except Exception as error:
            raise UntrueError(f"{program}\n{mode} {strict}\n{events}\n{error!r}") from error

    any_program()
