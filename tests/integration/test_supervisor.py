"""What the supervisor does about clusters that end, told with clusters that do what a script says."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from durable.q2 import family
from durable.worker import supervisor
from durable.worker.supervisor import STOPPED, UNPREPARED, Supervisor

pytestmark = pytest.mark.django_db(transaction=True)

READY, STILLBORN = True, False


class Cluster:
    """Ends with code 1, ready before or not."""

    last_words = "ImportError: no module named 'shop'"

    def __init__(self, is_ready: bool) -> None:
        self.was_ready = False
        self.board = SimpleNamespace(is_blank=is_ready)
        self._codes = [None, 1] if is_ready else [1]

    @property
    def exit_code(self) -> int | None:
        return self._codes.pop(0)

    def reap(self) -> None: ...

    def kill(self) -> None: ...

    def pulses(self) -> Sequence[object]:
        return []


class Stopped(Cluster):
    """Runs while somebody stops the supervisor."""

    def __init__(self) -> None:
        super().__init__(True)
        self._codes = [None, None, 0]

    def reap(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    def terminate(self) -> None: ...


Play = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Supervise clusters one after the other; then somebody stops it. Return code and words."""

    def play(*lives: bool) -> tuple[int, list[str]]:
        clusters = iter([*map(Cluster, lives), Stopped()])
        monkeypatch.setattr(supervisor, "Group", lambda arguments: next(clusters))
        said: list[str] = []
        watching = Supervisor(arguments=[], workers=1, grace=5.0, patience=5.0, say=said.append)
        return watching.run(), said

    monkeypatch.setattr(supervisor, "_PAUSES", (0.0,))
    monkeypatch.setattr(supervisor, "_TICK", 0.0)
    monkeypatch.setattr(family, "adopt_orphans", lambda: None)
    return play


def test_cluster_that_cannot_start_is_given_up_after_three_tries(play: Play) -> None:
    code, said = play(STILLBORN, STILLBORN, STILLBORN)
    assert code == UNPREPARED
    assert sum("starting another cluster" in text for text in said) == 2
    assert "3 clusters in a row did not start, giving up" in said[-2]


def test_giving_up_repeats_the_last_error_and_says_what_to_do(play: Play) -> None:
    _, said = play(STILLBORN, STILLBORN, STILLBORN)
    assert "The last error was: ImportError: no module named 'shop'" in said[-1]
    assert "Mend it, and start the worker again." in said[-1]


def test_cluster_that_starts_at_the_third_try_stays(play: Play) -> None:
    code, said = play(STILLBORN, STILLBORN)
    assert (code, said[-1]) == (STOPPED, "durable worker: stopped")


def test_a_stop_that_takes_long_says_what_it_waits_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_DOUBLED", -1.0)
    monkeypatch.setattr(supervisor, "_LONG", -1.0)
    _, said = play()
    assert "what is running has 5 s to end, or is killed at a second Ctrl-C" in said[-2]


def test_clusters_that_lived_are_replaced_for_ever(play: Play) -> None:
    code, said = play(*[READY] * 12)
    assert code == STOPPED
    assert sum("starting another cluster" in text for text in said) == 12


def test_clusters_after_one_that_lived_are_tried_for_ever(play: Play) -> None:
    code, said = play(READY, *[STILLBORN] * 12)
    assert code == STOPPED
    assert sum("starting another cluster" in text for text in said) == 13
