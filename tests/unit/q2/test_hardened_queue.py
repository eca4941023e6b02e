"""The queue between real processes, some of which are killed where it hurts."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from django_q import cluster, queues

from durable.q2 import hardening

# Python 3.12 and later warn of what q2 does on every platform that has it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
forks = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def hardened() -> Iterator[None]:
    """The cures, in this process and its children, and gone afterwards."""
    names = [*hardening.TARGETS, "Sentinel"]
    before = {name: getattr(cluster, name) for name in names}
    get = queues.Queue.get
    start_thread = queues.Queue._start_thread
    assert hardening.harden()
    yield
    queues.Queue.get, queues.Queue._start_thread = get, start_thread
    for name, value in before.items():
        setattr(cluster, name, value)


def echo(questions: Any, answers: Any) -> None:
    """Put back what comes, for ever."""
    while True:
        answers.put((os.getpid(), questions.get()))


def begin(number: int, *args: Any) -> list[BaseProcess]:
    """Start so many echoes, and let them wait for a message."""
    started = [forks.Process(target=echo, args=args, daemon=True) for _ in range(number)]
    for process in started:
        process.start()
    time.sleep(0.1)
    return list(started)


def test_each_message_is_read_once_and_counted() -> None:
    questions, answers = queues.Queue(maxsize=50), queues.Queue()
    readers = begin(4, questions, answers)
    for number in range(200):
        questions.put(number)
    assert sorted(answers.get()[1] for _ in range(200)) == list(range(200))
    assert (questions.qsize(), answers.qsize()) == (0, 0)
    for reader in readers:
        reader.kill()
        reader.join()
    questions.close()


@pytest.mark.parametrize(
    ("number", "rest"),
    [(signal.SIGKILL, 0.0), (signal.SIGSTOP, 0.1)],  # one that is held keeps the lock it has
)
def test_readers_lost_one_by_one_do_not_stop_the_others(number: int, rest: float) -> None:
    questions, answers = queues.Queue(), queues.Queue()
    readers = begin(4, questions, answers)
    for lost in readers[:3]:
        time.sleep(rest)
        os.kill(lost.pid or 0, number)
        questions.put("still there?")
        assert answers.get()[0] != lost.pid
    for reader in readers:
        reader.kill()
        reader.join()
    questions.close()


def test_unexpected_q2_is_named_and_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(cluster.Sentinel, "spawn_process")
    monkeypatch.delattr(cluster.Sentinel.__mro__[1], "spawn_process")
    before = queues.Queue.get
    assert not hardening.harden()
    assert hardening.misfits() == ["Sentinel.spawn_process"]
    assert queues.Queue.get is before
