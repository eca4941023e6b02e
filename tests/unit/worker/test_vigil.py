from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from durable.q2.pulse import Pulse, Role
from durable.worker.vigil import Vigil

TICK = 0.25


def pulse(pid: int, role: Role, *, is_waiting: bool = False) -> Pulse:
    return Pulse(pid=pid, role=role, beats=0, is_waiting=is_waiting, tasks=0, results=0)


@dataclass
class Cluster:
    """A cluster told what to do, and a vigil of ten seconds' patience over it."""

    due: bool | None = False
    stopped: set[int] = field(default_factory=set)
    silent: set[Role] = field(default_factory=set)  # in these processes nothing changes
    now: float = 0.0
    pulses: list[Pulse] = field(
        default_factory=lambda: [
            pulse(1, Role.SENTINEL),
            pulse(2, Role.WORKER, is_waiting=True),
            pulse(3, Role.WORKER, is_waiting=True),
            pulse(4, Role.MONITOR),
            pulse(5, Role.PUSHER),
        ]
    )

    def __post_init__(self) -> None:
        self.vigil = Vigil(10.0, lambda: self.due, self.stopped.__contains__, self.now)

    def change(self, role: Role, **values: object) -> None:
        self.pulses = [replace(p, **values) if p.role is role else p for p in self.pulses]  # type: ignore[arg-type]

    def live(self, seconds: float) -> str | None:
        """Let time pass until something is found wrong, or so many seconds."""
        until = self.now + seconds
        while self.now < until:
            self.now += TICK
            self.pulses = [
                p if p.role in self.silent else replace(p, beats=p.beats + 1) for p in self.pulses
            ]
            if reason := self.vigil.judge(self.pulses, self.now):
                return reason
        return None


IDLE = {Role.WORKER, Role.MONITOR}


def test_idle_cluster_is_left_alone() -> None:
    assert Cluster(silent=IDLE).live(300) is None


def test_working_cluster_is_left_alone() -> None:
    assert Cluster(due=True).live(300) is None


def test_silent_sentinel_is_found_in_time() -> None:
    cluster = Cluster(silent={*IDLE, Role.SENTINEL})
    assert cluster.live(11) == "its sentinel is silent"


def test_cluster_without_sentinel_is_found() -> None:
    cluster = Cluster(silent=IDLE)
    cluster.pulses = cluster.pulses[1:]
    assert cluster.live(11) == "its sentinel is silent"


def test_silent_pusher_is_found_while_a_worker_is_idle() -> None:
    assert Cluster(silent={*IDLE, Role.PUSHER}).live(16) == "its pusher is silent"


def test_pusher_blocked_by_busy_workers_is_left_alone() -> None:
    cluster = Cluster(silent={*IDLE, Role.PUSHER}, due=True)
    cluster.change(Role.WORKER, is_waiting=False)
    assert cluster.live(300) is None


def test_due_rows_that_no_idle_worker_takes_are_found() -> None:
    assert Cluster(silent=IDLE, due=True).live(18) == "work is due and no worker takes it"


def test_queued_tasks_that_no_idle_worker_takes_are_found() -> None:
    cluster = Cluster(silent=IDLE)
    cluster.change(Role.SENTINEL, tasks=3)
    assert cluster.live(18) == "work is due and no worker takes it"


def test_held_workers_do_not_count_as_busy() -> None:
    cluster = Cluster(silent=IDLE, due=True, stopped={2, 3})
    cluster.change(Role.WORKER, is_waiting=False)
    assert cluster.live(18) == "work is due and no worker takes it"


def test_long_running_work_is_left_alone() -> None:
    cluster = Cluster(silent=IDLE, due=True)
    cluster.change(Role.WORKER, is_waiting=False)
    assert cluster.live(300) is None


@pytest.mark.parametrize("answer", [False, None])
def test_without_evidence_of_work_an_idle_cluster_is_left_alone(answer: bool | None) -> None:
    assert Cluster(silent=IDLE, due=answer).live(300) is None


def test_work_that_has_just_come_due_is_given_time() -> None:
    cluster = Cluster(silent=IDLE)
    cluster.live(300)
    cluster.due = True
    assert cluster.live(5) is None
    cluster.due = False
    assert cluster.live(300) is None


def test_monitor_that_takes_no_results_is_found() -> None:
    cluster = Cluster(silent={Role.MONITOR})
    cluster.change(Role.SENTINEL, results=9)
    assert cluster.live(35) is None
    assert cluster.live(10) == "its monitor takes no results"
