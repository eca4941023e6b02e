"""Waking: somebody comes, or nothing happens; never an error, never inside a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django_q.conf import Conf
from django_q.models import OrmQ

from durable.q2 import channel, options
from durable.wake import use, wake, wake_in
from durable.wake.hint import Hint
from durable.wake.inprocess import Counter
from durable.wake.notify import Notify
from durable.wake.seam import Silence, chosen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fresh_choice() -> Iterator[None]:
    """The way is chosen again, within the test and after it."""
    for known in (options.has_own_broker, chosen):
        known.cache_clear()
    yield
    for known in (options.has_own_broker, chosen):
        known.cache_clear()


@pytest.fixture
def listener() -> Iterator[channel.Listener]:
    made = channel.Listener("default")
    made.wait(0)
    yield made
    made.close()


@pytest.mark.postgres
@pytest.mark.usefixtures("fresh_choice")
def test_own_broker_on_postgres_is_notified(listener: channel.Listener) -> None:
    assert isinstance(chosen(), Notify)
    assert not listener.wait(0.05)
    wake()
    assert listener.wait(1.0)


@pytest.mark.postgres
@pytest.mark.usefixtures("fresh_choice")
def test_only_what_listeners_would_oversleep_is_announced(listener: channel.Listener) -> None:
    wake_in(5.0)
    assert not listener.wait(0.05)
    wake_in(0.1)
    assert listener.wait(1.0)


@pytest.mark.postgres
@pytest.mark.usefixtures("fresh_choice")
def test_nothing_is_notified_inside_a_transaction(listener: channel.Listener) -> None:
    with transaction.atomic():
        wake()
    assert not listener.wait(0.1)


@pytest.mark.sqlite
@pytest.mark.mariadb
@pytest.mark.usefixtures("fresh_choice")
def test_own_broker_elsewhere_looks_by_itself() -> None:
    assert isinstance(chosen(), Silence)
    wake()
    wake_in(0.1)
    assert not OrmQ.objects.exists()


@pytest.mark.usefixtures("fresh_choice")
def test_q2_in_sync_mode_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)
    assert isinstance(chosen(), Silence)


@pytest.mark.usefixtures("fresh_choice")
def test_other_brokers_get_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "BROKER_CLASS", None)
    wake()
    task: Any = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["kwargs"]) == ("durable.tasks.drain", (), {})
    assert (task["save"], task["ack_failure"], task["timeout"]) == (False, True, -1)


def test_hints_in_one_moment_are_no_more_than_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "BROKER_CLASS", None)
    Hint(4).now(9)
    assert OrmQ.objects.count() == 4


def test_error_is_logged_once_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Counter):
        def now(self, count: int) -> None:
            raise ConnectionError("nobody there")

    with use(Broken()):
        wake()
        wake()
    assert caplog.text.count("nobody there") <= 1


def test_counter_remembers() -> None:
    with use(counter := Counter()):
        wake()
        wake(5)
        wake_in(0.5)
    assert (counter.counts, counter.delays) == ([1, 5], [0.5])


@pytest.mark.postgres
def test_lost_session_is_noticed_and_replaced(listener: channel.Listener) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    with pytest.raises(Exception, match="terminat"):
        listener.wait(1.0)
    listener.close()
    assert listener.wait(0)
    channel.notify("default")
    assert listener.wait(1.0)
