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


def test_first_that_cannot_go_on_is_heard(board: Board) -> None:
    board.confess(ImportError("no module\nof that name"))
    board.confess(RuntimeError("something did not start"))
    assert board.last_words == "ImportError: no module of that name"


def test_board_without_confession_has_no_last_words(board: Board) -> None:
    board.beat()
    assert board.last_words == ""


def test_very_long_last_words_are_cut(board: Board) -> None:
    board.confess(ValueError("ü" * 10_000))
    assert board.last_words.startswith("ValueError: üü")
    assert len(board.last_words.encode()) <= 500


def test_last_words_leave_the_counters_alone(board: Board) -> None:
    board.confess(ValueError("no"))
    assert (board.is_stopping, board.is_blank, board.pulses()) == (False, False, [])


def test_error_is_confessed_and_goes_on(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_board", board)
    with pytest.raises(KeyError), pulse.confessing():
        raise KeyError("orm")
    assert board.last_words == "KeyError: 'orm'"
