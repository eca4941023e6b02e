"""A few calls at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from durable.playback.threads import in_threads


def test_every_call_is_made_once() -> None:
    made: list[int] = []
    in_threads([lambda n=n: made.append(n) for n in range(50)], 4, nullcontext)  # type: ignore[misc]
    assert sorted(made) == list(range(50))


def test_so_many_are_made_at_a_time() -> None:
    barrier = threading.Barrier(3)
    in_threads([lambda: barrier.wait(10)] * 6, 3, nullcontext)
    assert not barrier.broken


def test_never_are_more_made_at_a_time() -> None:
    inside, most = threading.Semaphore(3), []

    def call() -> None:
        most.append(inside.acquire(blocking=False))
        inside.release()

    in_threads([call] * 100, 3, nullcontext)
    assert all(most)


@pytest.mark.parametrize(("calls", "threads"), [(1, 8), (5, 1)])
def test_one_at_a_time_needs_no_thread(calls: int, threads: int) -> None:
    names: list[str] = []
    call = lambda: names.append(threading.current_thread().name)  # noqa: E731
    in_threads([call] * calls, threads, nullcontext)
    assert names == [threading.current_thread().name] * calls


def test_each_thread_is_surrounded() -> None:
    entered: list[str] = []

    @contextmanager
    def surround() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    in_threads([lambda: None] * 10, 2, surround)
    assert sorted(entered) == ["in", "in", "out", "out"]


def test_the_first_error_is_raised_when_all_have_ended() -> None:
    made: list[int] = []

    def call(number: int) -> None:
        made.append(number)
        if number == 0:
            raise KeyError(number)

    with pytest.raises(KeyError):
        in_threads([lambda n=n: call(n) for n in range(10)], 2, nullcontext)  # type: ignore[misc]
    assert sorted(made) == list(range(10))
