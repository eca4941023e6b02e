"""Asks the database for somebody who may not be held up: a network can swallow an answer for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.store import Store, get_store
from durable.store.cut import cut

T = TypeVar("T")
Question = tuple[Callable[[Store], Any], "Future[Any]"]


@dataclass(slots=True)
class Informant:
    """A thread with a session of its own; another one, when that does not answer."""

    _questions: SimpleQueue[Question | None] | None = None
    _session: list[BaseDatabaseWrapper] = field(default_factory=list)

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the answer.

        Args:
            question: is given the store, in another thread.
            seconds: to wait for the answer.

        Raises:
            OperationalError: there was none in time.
            Exception: whatever the question raises.
        """
        answer: Future[T] = Future()
        self._line().put((question, answer))
        try:
            return answer.result(seconds)
        except TimeoutError:
            self._give_up()
            raise OperationalError(f"no answer within {seconds:g} seconds") from None

    def close(self) -> None:
        """End the session; the next question opens another."""
        if self._questions is not None:
            self._questions.put(None)
        self._questions, self._session = None, []

    def _line(self) -> SimpleQueue[Question | None]:
        if self._questions is None:
            self._questions = SimpleQueue()
            arguments = (self._questions, self._session)
            thread = threading.Thread(
                target=_answer, args=arguments, name="durable-informant", daemon=True
            )
            thread.start()
        return self._questions

    def _give_up(self) -> None:
        for session in self._session:
            cut(session)
        self.close()


def _answer(questions: SimpleQueue[Question | None], sessions: list[BaseDatabaseWrapper]) -> None:
    store = get_store()
    sessions.append(store.connection)
    while (asked := questions.get()) is not None:
        question, answer = asked
        try:
            answer.set_result(question(store))
        except Exception as error:  # noqa: BLE001 - it is for who asks
            store.connection.close()
            answer.set_exception(error)
    store.connection.close()
