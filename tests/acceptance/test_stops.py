"""A stop lets running work end, whoever gets the signal, and says by its exit code whether it could."""

from __future__ import annotations

import signal
import time

import pytest
from django_q.tasks import async_task

from durable.models import Worker
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = pytest.mark.django_db(transaction=True)

WORK = "tests.acceptance.site.jobs.work"


def begin(cluster: Cluster, journal: Journal, seconds: float) -> None:
    """Have a worker begin a task."""
    cluster.wait_until_ready()
    async_task(WORK, journal.path, "task", seconds, save=False)
    eventually(lambda: journal.has("task-begins"), cluster.explain)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_a_running_task_end(journal: Journal, number: int) -> None:
    with Cluster() as cluster:
        begin(cluster, journal, 1.5)
        cluster.signal(number)
        assert cluster.wait() == 0, cluster.explain()
        assert journal.words() == ["task-begins", "task-ends"]
        assert not cluster.survivors()


def test_signal_to_every_process_at_once_lets_a_running_task_end(journal: Journal) -> None:
    with Cluster() as cluster:
        begin(cluster, journal, 1.5)
        cluster.kill([process.pid for process in cluster.processes()], signal.SIGTERM)
        cluster.terminate()
        assert cluster.wait() == 0, cluster.explain()
        assert journal.words() == ["task-begins", "task-ends"]
        assert not cluster.survivors()


@pytest.mark.parametrize("command", ["durable_worker", "qcluster"])
def test_workers_that_were_stopped_leave_no_rows(command: str) -> None:
    with Cluster(command=command) as cluster:
        cluster.wait_until_ready()
        eventually(lambda: Worker.objects.count() == 2, cluster.explain)
        cluster.terminate()
        cluster.wait()
        assert not Worker.objects.exists()


def test_second_signal_ends_it_at_once(journal: Journal) -> None:
    with Cluster() as cluster:
        begin(cluster, journal, 60.0)
        cluster.terminate()
        time.sleep(1.0)
        cluster.terminate()
        assert cluster.wait(5) == 3, cluster.explain()
        assert not cluster.survivors()


def test_signal_that_comes_by_two_ways_counts_once(journal: Journal) -> None:
    with Cluster() as cluster:
        begin(cluster, journal, 1.5)
        cluster.terminate()
        time.sleep(0.1)
        cluster.terminate()
        assert cluster.wait() == 0, cluster.explain()
        assert journal.words() == ["task-begins", "task-ends"]


def test_grace_period_ends_it(journal: Journal) -> None:
    with Cluster("--grace", "1") as cluster:
        begin(cluster, journal, 60.0)
        cluster.terminate()
        assert cluster.wait(5) == 3, cluster.explain()
        assert not cluster.survivors()


def test_idle_cluster_stops_soon() -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready().terminate()
        assert cluster.wait(5) == 0, cluster.explain()
