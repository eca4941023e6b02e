"""The doctor and the health command look at a real cluster."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from durable.models import Run
from durable.operations.health import look
from durable.store import get_store
from tests.acceptance.clusters import Cluster, eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_doctor_goes_to_a_worker_and_back_and_health_sees_who_it_was() -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready()
        out = StringIO()
        call_command("durable_doctor", stdout=out, no_color=True)
        assert "round trip: a worker took the run after" in out.getvalue(), cluster.explain()
        assert not Run.objects.exists()
        pids = set(cluster.find("worker"))
        eventually(lambda: {one.pid for one in look(get_store()).alive} == pids, cluster.explain)
        (seen,) = look(get_store()).clusters
        assert (seen.is_supervised, seen.parent) == (True, cluster.sentinel)
