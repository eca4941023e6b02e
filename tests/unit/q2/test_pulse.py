from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator

import pytest

from durable.q2 import pulse
from durable.q2.pulse import Board, Role

# Python 3.12 and later warn of what q2 does on every platform that has it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture
def board() -> Iterator[Board]:
    with tempfile.TemporaryFile() as file:
        made = Board(os.dup(file.fileno()))
    yield made
    made.close()


def test_what_a_process_says_is_read_by_another(board: Board) -> None:
    def live() -> None:
        board.enlist(Role.PUSHER)
        board.beat()
        board.beat()
        board.wait(True)
        board.count(5, 7)

    child = multiprocessing.get_context("fork").Process(target=live)
    child.start()
    child.join()
    (said,) = board.pulses()
    assert (said.pid, said.role, said.beats) == (child.pid, Role.PUSHER, 2)
    assert (said.is_waiting, said.tasks, said.results) == (True, 5, 7)


def test_slot_of_a_dead_process_is_used_again(board: Board) -> None:
    for _ in range(3):
        child = multiprocessing.get_context("fork").Process(target=board.enlist, args=[Role.WORKER])
        child.start()
        child.join()
    assert [said.pid for said in board.pulses()] == [child.pid]


def test_stop_is_seen(board: Board) -> None:
    assert not board.is_stopping
    board.stop()
    assert board.is_stopping


def test_blank_board_is_seen(board: Board) -> None:
    assert not board.is_blank
    board.leave_blank()
    assert board.is_blank


def test_without_a_board_nothing_happens() -> None:
    pulse.enlist(Role.WORKER)
    pulse.beat()
    pulse.wait(True)
    pulse.count(1, 1)
    pulse.stop()
    pulse.leave_blank()
    assert not pulse.is_stopping()
