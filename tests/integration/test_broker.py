"""What the broker promises django-q2, and the site's own tasks, on every database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from durable.ids import new_id
from durable.models import Event
from durable.q2.broker import Broker
from durable.q2.hints import DRAIN
from durable.store import get_store

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker("one")
    yield made
    made.pump.close()


def fetched(broker: Broker, seconds: float = 5.0) -> list[tuple[int | None, str]]:
    """Dequeue until something comes."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if packages := broker.dequeue():
            return packages
    raise AssertionError("nothing came")


def emptied(broker: Broker) -> list[str]:
    """Dequeue until nothing comes any more; return the payloads."""
    found: list[str] = []
    while packages := broker.dequeue():
        found += [payload for _, payload in packages]
    return found


def test_tasks_come_out_oldest_first_and_once(broker: Broker) -> None:
    for number in range(9):
        broker.enqueue(f"task-{number}")
    assert emptied(broker) == [f"task-{number}" for number in range(9)]


def test_claimed_task_is_hidden_until_acknowledged(broker: Broker) -> None:
    broker.enqueue("task")
    assert (broker.queue_size(), broker.lock_size()) == (1, 0)
    ((pk, _),) = fetched(broker)
    assert (broker.queue_size(), broker.lock_size()) == (0, 1)
    assert pk is not None
    broker.acknowledge(pk)
    assert (broker.queue_size(), broker.lock_size()) == (0, 0)


def test_task_that_is_not_acknowledged_comes_again(broker: Broker) -> None:
    broker.tasks.hidden = 0.3
    broker.enqueue("task")
    assert [payload for _, payload in fetched(broker)] == ["task"]
    assert broker.queue_size() == 0
    assert [payload for _, payload in fetched(broker)] == ["task"]


def test_unreadable_task_is_deleted(broker: Broker) -> None:
    broker.fail(broker.enqueue("task"))
    broker.fail(None)
    assert not OrmQ.objects.exists()


def test_queues_are_apart(broker: Broker) -> None:
    other = Broker("two")
    other.enqueue("other")
    broker.enqueue("task")
    assert emptied(broker) == ["task"]
    assert broker.purge_queue() == 1
    assert [payload for _, payload in fetched(other)] == ["other"]
    other.delete(OrmQ.objects.get().pk)
    other.pump.close()
    assert other.delete_queue() == 0


def test_enqueue_joins_the_callers_transaction(broker: Broker) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        broker.enqueue("task")
        _ = 1 / 0
    assert broker.queue_size() == 0


def test_two_pushers_share_a_queue_without_overlap() -> None:
    first = Broker("one")
    for number in range(60):
        first.enqueue(f"task-{number:02}")
    found: list[list[str]] = [[], []]

    def empty(mine: list[str]) -> None:
        broker = Broker("one")
        try:
            while broker.queue_size():
                mine += [payload for _, payload in broker.dequeue() or ()]
        finally:
            broker.pump.close()
            connections.close_all()

    threads = [threading.Thread(target=empty, args=[mine]) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found[0] + found[1]) == [f"task-{number:02}" for number in range(60)]


def test_task_is_seen_by_the_clock_of_the_database_whatever_the_session_thinks(
    broker: Broker,
) -> None:
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+09:00'")
    broker.enqueue("task")
    assert broker.queue_size() == 1
    assert [payload for _, payload in fetched(broker)] == ["task"]
    assert broker.queue_size() == 0
    connection.close()


def test_idle_dequeue_gives_the_pusher_back_its_turn(broker: Broker) -> None:
    broker.dequeue()
    begun = time.monotonic()
    assert not broker.dequeue()
    assert time.monotonic() - begun < 0.75


def due_run() -> None:
    """Insert a run that is due."""
    now = timezone.now()
    sent = Event.objects.create(id=new_id(), name="broker/due", data="{}", ts=now, received=now)
    get_store().runs.create(sent, ["nobody"])


def test_due_rows_make_hints_that_no_table_holds(broker: Broker) -> None:
    due_run()
    ((ack, package),) = fetched(broker)
    task = SignedPackage.loads(package)
    assert ack is None
    assert (task["func"], task["args"], task["kwargs"]) == (DRAIN, (), {})
    assert (task["save"], task["ack_failure"], task["timeout"]) == (False, True, -1)
    assert not OrmQ.objects.exists()


def test_hints_are_as_many_as_workers_and_no_storm(broker: Broker) -> None:
    for _ in range(5):
        due_run()
    assert len(fetched(broker)) == 2
    begun, more = time.monotonic(), 0
    while time.monotonic() - begun < 0.5:
        more += len(broker.dequeue() or ())
    assert more <= 12


def test_hints_and_tasks_travel_together(broker: Broker) -> None:
    due_run()
    broker.enqueue("task")
    assert sorted(ack is None for ack, _ in fetched(broker)) == [False, True]


def test_workers_with_enough_in_store_get_nothing(broker: Broker) -> None:
    due_run()
    broker.untaken = lambda: 4
    assert not broker.dequeue()


@pytest.mark.postgres
def test_waiting_pusher_is_called_when_a_task_is_committed(broker: Broker) -> None:
    for _ in range(3):
        broker.dequeue()

    def send() -> None:
        time.sleep(0.1)
        async_task("builtins.print", cluster="one")
        connections.close_all()

    sender = threading.Thread(target=send)
    sender.start()
    begun = time.monotonic()
    fetched(broker)
    assert time.monotonic() - begun < 0.4
    sender.join()


@pytest.mark.postgres
def test_pusher_survives_the_loss_of_its_sessions(broker: Broker) -> None:
    broker.dequeue()
    with connections["default"].copy().cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        session = cursor.connection
    assert broker.dequeue() is None
    broker.enqueue("task")
    assert [payload for _, payload in fetched(broker, 2.0)] == ["task"]
    session.close()


@pytest.mark.mariadb
def test_pusher_survives_the_loss_of_its_session(broker: Broker) -> None:
    broker.dequeue()
    other = connections["default"].copy()
    with connection.cursor() as cursor, other.cursor() as killer:
        cursor.execute("SELECT connection_id()")
        killer.execute(f"KILL {cursor.fetchone()[0]}")
    other.close()
    assert broker.dequeue() is None
    broker.enqueue("task")
    assert [payload for _, payload in fetched(broker, 2.0)] == ["task"]
