"""A database that is away for a while costs time, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django_q.tasks import async_task

import durable
from durable.models import Run, RunStatus
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "tests.acceptance.site.jobs.mark"


@pytest.mark.postgres
def test_lost_sessions_do_not_stop_the_pusher(journal: Journal) -> None:
    with Cluster() as cluster:
        pusher = cluster.wait_until_ready().find("pusher")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async_task(MARK, journal.path, "after", save=False)
        assert eventually(lambda: journal.has("after"), cluster.explain) < 5
        assert cluster.find("pusher") == pusher
        eventually(lambda: "fetched again" in cluster.said, cluster.explain)


@pytest.mark.postgres
@pytest.mark.usefixtures("functions")
def test_run_ends_although_sessions_are_lost_again_and_again(journal: Journal) -> None:
    with Cluster() as cluster:
        cluster.wait_until_ready()
        data = {"journal": journal.path, "parts": 12, "seconds": 0.2}
        (event,) = durable.send(durable.Event(name="acceptance/fan", data=data))
        over = threading.Event()
        killer = threading.Thread(target=end_sessions, args=[over])
        killer.start()
        runs = Run.objects.filter(event_id=event)
        try:
            eventually(lambda: has_ended(event), cluster.explain)
        finally:
            over.set()
            killer.join()
        connection.close()
        assert runs.get().status == RunStatus.COMPLETED


def has_ended(event: str) -> bool:
    """Whether the run of an event is final; a lost session is no answer."""
    try:
        return Run.objects.get(event_id=event).is_final
    except Exception:  # noqa: BLE001 - whatever the lost session gives
        connection.close()
        return False


def end_sessions(over: threading.Event) -> None:
    """End everybody's sessions but this thread's, twice a second."""
    try:
        while not over.wait(0.5):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
    finally:
        connections.close_all()


@contextmanager
def forwarder(port: int, to: tuple[str, int]) -> Iterator[None]:
    """Forward a local port to a server."""
    listening = socket.create_server(("127.0.0.1", port))
    pairs: list[socket.socket] = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            far = socket.create_connection(to)
            pairs.extend([near, far])
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=copy, args=[one, other], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield
    listening.close()
    for end in pairs:
        end.close()


@pytest.mark.postgres
def test_database_that_is_down_at_boot_is_waited_for(journal: Journal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = connection.settings_dict
    there = (str(settings["HOST"]) or "127.0.0.1", int(settings["PORT"] or 5432))
    url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@127.0.0.1:{port}/x"
    with Cluster(DURABLE_TEST_POSTGRES=url) as cluster:
        eventually(lambda: "waiting for the database" in cluster.said, cluster.explain)
        with forwarder(port, there):
            cluster.wait_until_ready()
            async_task(MARK, journal.path, "after", save=False)
            eventually(lambda: journal.has("after"), cluster.explain)
            cluster.terminate()
            assert cluster.wait() == 0, cluster.explain()
