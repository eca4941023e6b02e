"""A step that hangs where no signal helps takes its worker process along, and nothing and nobody else."""

from __future__ import annotations

from collections import Counter

import pytest
from django_q.tasks import async_task

import durable
from durable.models import Run, RunStatus, Step
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("functions")]

MARK = "tests.acceptance.site.jobs.mark"
PARTS = [f"part-{number}" for number in range(8)]
ENDS = [f"{part}-ends" for part in PARTS]
RESULTS = {
    "stuck": ["first", *ENDS[:2], "stuck", *ENDS[2:], "last"],
    "stuck-in-threads": ["first", *ENDS[:2], "stuck", *ENDS[2:], "last"],
    "stuck-alone": ["first", "stuck", "last"],
    "stuck-async": ["first", "stuck", "last"],
}


def play(cluster: Cluster, journal: Journal, name: str) -> Run:
    """Have a cluster do a run to its end."""
    event = durable.Event(name=f"acceptance/{name}", data={"journal": journal.path})
    runs = Run.objects.filter(event_id=durable.send(event)[0])
    eventually(lambda: runs.get().is_final, cluster.explain)
    return runs.get()


@pytest.mark.parametrize("name", RESULTS)
def test_the_run_goes_on_and_so_does_the_cluster(journal: Journal, name: str) -> None:
    with Cluster("--workers", "2") as cluster:
        old = cluster.wait_until_ready().find("worker")
        run = play(cluster, journal, name)
        assert (run.status, run.result) == (RunStatus.COMPLETED, RESULTS[name])
        failed = [(one.name, one.failure["code"]) for one in run.attempts.all()]
        assert failed == [("stuck", "step_timeout")]
        assert not Step.objects.filter(run=run, crashes__gt=0).exists()
        eventually(lambda: len({*cluster.find("worker")} - {*old}) == 1, cluster.explain)
        eventually(lambda: len(cluster.find("worker")) == 2, cluster.explain)
        async_task(MARK, journal.path, "after", save=False)
        eventually(lambda: journal.has("after"), cluster.explain)
        assert "starting another cluster" not in cluster.said
    words = Counter(journal.words())
    assert words.pop("stuck") == 2
    assert set(words.values()) == {1}


def test_a_plain_qcluster_goes_on_too(journal: Journal) -> None:
    with Cluster(command="qcluster") as cluster:
        run = play(cluster.wait_until_ready(), journal, "stuck")
        assert (run.status, run.result) == (RunStatus.COMPLETED, RESULTS["stuck"])
        assert [one.failure["code"] for one in run.attempts.all()] == ["step_timeout"]
        async_task(MARK, journal.path, "after", save=False)
        eventually(lambda: journal.has("after"), cluster.explain)
    words = Counter(journal.words())
    assert words.pop("stuck") == 2
    assert set(words.values()) == {1}
