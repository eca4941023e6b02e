"""Histories recorded by an earlier version still replay: an upgrade strands no run that is in flight."""

from __future__ import annotations

import json

import pytest

from durable.playback.outcome import Finished
from tests.unit.playback import recorded


def test_every_function_has_its_history() -> None:
    files = {file.stem for file in recorded.FOLDER.glob("*.json")}
    assert files == set(recorded.FUNCTIONS)


@pytest.mark.parametrize("name", recorded.FUNCTIONS)
def test_it_replays_without_running_a_body(name: str) -> None:
    outcome, result = recorded.replay(name)
    assert isinstance(outcome, Finished)
    assert json.loads(json.dumps(outcome.value)) == result
    assert recorded.ran == []


@pytest.mark.parametrize("name", recorded.FUNCTIONS)
def test_it_would_be_recorded_the_same_today(name: str) -> None:
    history = json.loads((recorded.FOLDER / f"{name}.json").read_text())
    today = recorded.Recorder().record_history(recorded.FUNCTIONS[name])
    assert json.loads(json.dumps(today)) == history
