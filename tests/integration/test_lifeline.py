"""A network that swallows what the database says, and acknowledges it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.store import Store
from durable.worker.awaited import family_of
from durable.worker.informant import Informant
from durable.worker.lifeline import Lifeline, Sessions
from tests.acceptance.clusters import eventually
from tests.campaigns.chaos.network import Network

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def network() -> Iterator[Network]:
    if connection.vendor == "sqlite":
        pytest.skip("there is no network to a file")
    with Network.laid(1) as network:
        yield network


@pytest.fixture
def session(network: Network) -> Iterator[BaseDatabaseWrapper]:
    """A session over the network that may fail."""
    session = connections["default"].copy()
    session.settings_dict = {
        **session.settings_dict,
        "HOST": "127.0.0.1",
        "PORT": str(network.lines[0]),
    }
    session.inc_thread_sharing()
    session.ensure_connection()
    yield session
    session.close()


@pytest.fixture
def sessions(session: BaseDatabaseWrapper) -> Sessions:
    family = family_of(connection)
    assert family is not None
    sessions = Sessions(family)
    sessions.add(session)
    return sessions


SLEEP = {"postgresql": "SELECT pg_sleep(60)", "mysql": "SELECT SLEEP(60)"}


class Asking(threading.Thread):
    """Says a statement, and keeps what came of it."""

    def __init__(self, session: BaseDatabaseWrapper, text: str) -> None:
        super().__init__(daemon=True)
        self.session, self.text = session, text
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with self.session.cursor() as cursor:
                cursor.execute(self.text)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error


@dataclass(slots=True)
class Noting(Informant):
    """An informant of whose sessions is known."""

    noted: list[BaseDatabaseWrapper] = field(default_factory=list)

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        def asked(store: Store) -> T:
            self.noted.append(store.connection)
            return question(store)

        return Informant.ask(self, asked, seconds)


def lifeline(sessions: Sessions) -> Lifeline:
    eventually(lambda: len(sessions.waiting()) == 1)
    return Lifeline(sessions)


@pytest.mark.parametrize("word", ["hole", "half"])
def test_who_waits_for_an_answer_that_was_lost_is_told(
    network: Network, session: BaseDatabaseWrapper, sessions: Sessions, word: str
) -> None:
    assert network.order(word, 0, 1.0) == 1
    asking = Asking(session, "SELECT 1")
    line = lifeline(sessions)
    assert [line.look() for _ in range(3)] == [0, 0, 1]
    asking.join(10)
    assert isinstance(asking.error, OperationalError)


def test_a_statement_that_takes_long_is_left_alone(
    network: Network, session: BaseDatabaseWrapper, sessions: Sessions
) -> None:
    asking = Asking(session, SLEEP[connection.vendor])
    line = lifeline(sessions)
    assert [line.look() for _ in range(4)] == [0, 0, 0, 0]
    network.order("cut", 0, 1.0)
    asking.join(10)


def test_a_session_that_was_asked_on_is_closed_after_the_look(
    network: Network, session: BaseDatabaseWrapper, sessions: Sessions
) -> None:
    asking = Asking(session, SLEEP[connection.vendor])
    line = lifeline(sessions)
    asked: list[BaseDatabaseWrapper] = []
    line.informant = Noting(noted=asked)
    line.look()
    line.look()
    eventually(lambda: [one.connection for one in asked] == [None])
    network.order("cut", 0, 1.0)
    asking.join(10)


def test_an_informant_that_gets_no_answer_says_so_and_asks_anew() -> None:
    asked = threading.Event()
    informant = Informant()
    with pytest.raises(OperationalError, match="no answer"):
        informant.ask(lambda store: asked.wait(30), 0.05)
    asked.set()
    assert informant.ask(lambda store: store.due(1).count, 10) == 0
    informant.close()
