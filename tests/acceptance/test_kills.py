"""Any process of a cluster may be killed or held at any time; work goes on, and nothing is left over."""

from __future__ import annotations

import signal
from functools import partial

import pytest
from django_q.tasks import async_task

import durable
from durable.models import Run
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = pytest.mark.django_db(transaction=True)

MARK, WORK = "tests.acceptance.site.jobs.mark", "tests.acceptance.site.jobs.work"


def assert_works(cluster: Cluster, journal: Journal, word: str) -> None:
    """Queue a task and wait for it."""
    async_task(MARK, journal.path, word, save=False)
    eventually(lambda: journal.has(word), cluster.explain)


def test_idle_workers_killed_one_by_one_leave_the_cluster_working(journal: Journal) -> None:
    with Cluster("--workers", "4") as cluster:
        cluster.wait_until_ready()
        for number, worker in enumerate(cluster.find("worker")):
            cluster.kill([worker])
            assert_works(cluster, journal, f"after-{number}")
        assert "starting another cluster" not in cluster.said


def test_all_idle_workers_killed_at_once_leave_the_cluster_working(journal: Journal) -> None:
    with Cluster("--workers", "4") as cluster:
        cluster.wait_until_ready().kill(cluster.find("worker"))
        assert_works(cluster, journal, "after")


@pytest.mark.parametrize("role", ["monitor", "pusher"])
def test_killed_helper_is_replaced(journal: Journal, role: str) -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready().kill(cluster.find(role))
        assert_works(cluster, journal, "after")
        eventually(lambda: len(cluster.find(role)) == 1, cluster.explain)


@pytest.mark.parametrize("victim", ["sentinel", "main"])
def test_killed_guard_leaves_no_orphans_and_is_replaced(journal: Journal, victim: str) -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready()
        old = [cluster.main, cluster.sentinel, *cluster.find("worker"), *cluster.find("monitor")]
        cluster.kill([getattr(cluster, victim)])
        cluster.wait_until_ready(times=2)
        assert not set(old) & set(cluster.survivors())
        assert_works(cluster, journal, "after")


@pytest.mark.parametrize("held", ["everything", "sentinel", "pusher", "workers"])
def test_frozen_cluster_is_replaced(journal: Journal, held: str) -> None:
    with Cluster("--patience", "2") as cluster:
        cluster.wait_until_ready()
        old = {
            "everything": [process.pid for process in cluster.processes()],
            "sentinel": [cluster.sentinel],
            "pusher": cluster.find("pusher"),
            "workers": cluster.find("worker"),
        }[held]
        cluster.kill(old, signal.SIGSTOP)
        async_task(MARK, journal.path, "meanwhile", save=False)
        cluster.wait_until_ready(times=2)
        assert_works(cluster, journal, "after")
        assert not set(old) & set(cluster.survivors())


def test_busy_cluster_is_not_taken_for_a_frozen_one(journal: Journal) -> None:
    with Cluster("--patience", "1", "--workers", "2") as cluster:
        cluster.wait_until_ready()
        for number in range(12):
            async_task(WORK, journal.path, f"task-{number}", 4.0 if number < 2 else 0.0, save=False)
        eventually(lambda: journal.has("task-11-ends"), cluster.explain)
        assert "starting another cluster" not in cluster.said


def test_cluster_without_supervisor_does_not_outlast_its_grace_period(journal: Journal) -> None:
    with Cluster("--grace", "1") as cluster:
        cluster.wait_until_ready()
        async_task(WORK, journal.path, "task", 60.0, save=False)
        eventually(lambda: journal.has("task-begins"), cluster.explain)
        cluster.processes()
        cluster.signal(signal.SIGKILL)
        eventually(lambda: not cluster.survivors(), cluster.explain, seconds=10)


def test_killed_supervisor_takes_its_cluster_along(journal: Journal) -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready()
        async_task(WORK, journal.path, "task", 1.0, save=False)
        eventually(lambda: journal.has("task-begins"), cluster.explain)
        cluster.processes()
        cluster.signal(signal.SIGKILL)
        eventually(lambda: not cluster.survivors(), cluster.explain)
        assert journal.words() == ["task-begins", "task-ends"]


@pytest.mark.usefixtures("functions")
@pytest.mark.parametrize("how", ["fan", "fan-out"])
def test_run_ends_although_busy_workers_are_killed(journal: Journal, how: str) -> None:
    parts = 24
    with Cluster("--workers", "4") as cluster:
        cluster.wait_until_ready()
        data = {"journal": journal.path, "parts": parts, "seconds": 0.2}
        (event,) = durable.send(durable.Event(name=f"acceptance/{how}", data=data))
        for number in range(6):
            eventually(partial(journal.has_more_than, 4 * number), cluster.explain)
            cluster.kill(cluster.find("worker")[:2])
        runs = Run.objects.filter(event_id=event)
        eventually(lambda: runs.get().is_final, cluster.explain)
        assert runs.get().result == [*(f"part-{number}-ends" for number in range(parts)), "join"]
        branches = Run.objects.filter(parent=runs.get())
        assert set(branches.values_list("status", flat=True)) <= {"completed"}
        assert branches.count() == (parts if how == "fan-out" else 0)
        assert journal.words().count("join") == 1
        assert "starting another cluster" not in cluster.said


@pytest.mark.usefixtures("functions")
def test_run_ends_although_its_cluster_is_killed_whole(journal: Journal) -> None:
    with Cluster("--workers", "3") as cluster:
        cluster.wait_until_ready()
        data = {"journal": journal.path, "parts": 12, "seconds": 0.3}
        (event,) = durable.send(durable.Event(name="acceptance/fan", data=data))
        eventually(lambda: len(journal.words()) > 8, cluster.explain)
        cluster.kill([process.pid for process in cluster.processes()])
        eventually(lambda: Run.objects.get(event_id=event).is_final, cluster.explain)
        assert Run.objects.get(event_id=event).result[-1] == "join"
        assert journal.words().count("join") == 1
