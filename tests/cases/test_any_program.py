"""Random functions, some of whose steps fail once: each body runs as often as it must, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durable import ParallelMode
from durable.authoring.registry import Registry
from tests.harness import Player
from tests.unit.playback import programs

Make = Callable[[programs.Part], Any]

SYNC = programs.programs(3, *programs.SYNC, steps=programs.shaky_steps)
ASYNC = programs.programs(3, *programs.ASYNC, steps=programs.shaky_steps)


@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("make", "any_program"),
    [
        pytest.param(programs.sync_function, SYNC, id="sync"),
        pytest.param(programs.async_function, ASYNC, id="async"),
    ],
)
@given(data=st.data(), mode=st.sampled_from(list(ParallelMode)))
def test_results_come_to_their_places_and_bodies_run_as_often_as_they_must(
    player: Player,
    fresh_registry: Registry,
    make: Make,
    any_program: st.SearchStrategy[programs.Part],
    strict: bool,
    data: st.DataObject,
    mode: ParallelMode,
) -> None:
    program = data.draw(any_program)
    fresh_registry.restore(Registry())
    programs.ran.clear()
    run = player.play(make(program), strict=strict, parallel_mode=mode)
    assert run.failure is None
    assert run.result == programs.expected(program)
    assert sorted(programs.ran) == sorted(programs.executions(program))
