"""Whatever the shape of a function, and whatever of it is remembered: every step runs once, and its
result comes back to its own place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable import ParallelMode
from durable.playback.memo import Memo
from durable.playback.outcome import Finished, Outcome
from tests.unit.playback import programs
from tests.unit.playback.engine import MemoryEngine
from tests.unit.playback.performer import MemoryPerformer, call

Make = Callable[[programs.Part], Any]

modes = st.sampled_from(list(ParallelMode))
both = pytest.mark.parametrize("make", [programs.sync_function, programs.async_function])


def as_json(outcome: Outcome) -> Any:
    assert isinstance(outcome, Finished)
    return json.loads(json.dumps(outcome.value))


def memos_of(make: Make, program: programs.Part, mode: ParallelMode) -> list[Memo]:
    """Play a program to its end, and return what is remembered of it."""
    performer = MemoryPerformer()
    call(make(program), performer=performer, mode=mode)
    return list(performer.tape.memos.values())


def program_for(make: Make, data: st.DataObject) -> programs.Part:
    is_sync = make is programs.sync_function
    return data.draw(programs.sync_programs if is_sync else programs.async_programs)


@both
@settings(max_examples=200)
@given(st.data(), modes)
def test_every_step_runs_once_and_returns_to_its_place(
    make: Make, data: st.DataObject, mode: ParallelMode
) -> None:
    program = program_for(make, data)
    programs.ran.clear()
    outcome = call(make(program), mode=mode)
    assert as_json(outcome) == programs.expected(program)
    assert sorted(programs.ran) == sorted(programs.places(program))


@both
@settings(max_examples=200)
@given(st.data(), modes, modes)
def test_whatever_is_remembered_the_rest_runs_and_nothing_else(
    make: Make, data: st.DataObject, before: ParallelMode, after: ParallelMode
) -> None:
    program = program_for(make, data)
    memos = memos_of(make, program, before)
    kept = [memo for memo in memos if data.draw(st.booleans())]
    programs.ran.clear()
    outcome = call(make(program), *kept, mode=after)
    assert as_json(outcome) == programs.expected(program)
    remembered = [memo.value() for memo in kept]
    assert sorted([*programs.ran, *remembered]) == sorted(programs.places(program))


@both
@settings(max_examples=200)
@given(st.data(), modes, st.booleans())
def test_planned_steps_may_run_elsewhere_and_in_any_order(
    make: Make, data: st.DataObject, mode: ParallelMode, strict: bool
) -> None:
    program = program_for(make, data)
    programs.ran.clear()
    engine = MemoryEngine(
        make(program), mode, strict=strict, pick=lambda keys: data.draw(st.sampled_from(keys))
    )
    assert as_json(engine.play()) == programs.expected(program)
    assert sorted(programs.ran) == sorted(programs.places(program))
