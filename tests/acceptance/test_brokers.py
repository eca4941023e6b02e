"""A run with a parallel group ends on every broker, under our worker command and under plain qcluster."""

from __future__ import annotations

import pytest

import durable
from durable.models import Run, RunStatus
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("functions")]


def play(cluster: Cluster, journal: Journal) -> Run:
    """Have a cluster do a run of eight parallel steps; return it."""
    data = {"journal": journal.path, "parts": 8, "seconds": 0.05}
    (event,) = durable.send(durable.Event(name="acceptance/fan", data=data))
    runs = Run.objects.filter(event_id=event)
    eventually(lambda: any(run.is_final for run in runs.all()), cluster.explain)
    return runs.get()


def assert_complete(run: Run, journal: Journal) -> None:
    """Hold that each step ran once and its result is there."""
    assert run.status == RunStatus.COMPLETED, run.error
    assert run.result == [*(f"part-{number}-ends" for number in range(8)), "join"]
    assert sorted(journal.words()) == sorted(
        ["join", *(f"part-{n}-{end}" for n in range(8) for end in ("begins", "ends"))]
    )


@pytest.mark.parametrize("command", ["durable_worker", "qcluster"])
@pytest.mark.parametrize("broker", ["durable", "orm"])
def test_run_ends(
    journal: Journal, command: str, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cluster(command=command, DURABLE_TEST_BROKER=broker) as cluster:
        cluster.wait_until_ready()
        assert_complete(play(cluster, journal), journal)


@pytest.mark.redis
@pytest.mark.parametrize("command", ["durable_worker", "qcluster"])
def test_run_ends_on_redis(journal: Journal, command: str) -> None:
    with Cluster(command=command, DURABLE_TEST_BROKER="redis") as cluster:
        cluster.wait_until_ready()
        assert_complete(play(cluster, journal), journal)
