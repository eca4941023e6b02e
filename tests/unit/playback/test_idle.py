"""How long a call waits for code that is at something else than its steps."""

from __future__ import annotations

from durable.playback.idle import Patience


def test_with_nothing_pending_it_is_short() -> None:
    patience = Patience()
    assert patience.left(is_busy=False) == Patience.IDLE
    patience.spend(Patience.IDLE, is_busy=False)
    assert patience.is_over
    assert patience.left(is_busy=True) == 0


def test_with_something_pending_it_is_long() -> None:
    patience = Patience()
    assert patience.left(is_busy=True) == Patience.BUSY
    patience.spend(Patience.BUSY - 4, is_busy=True)
    assert not patience.is_over
    assert patience.left(is_busy=True) == 4


def test_it_is_limited_in_all() -> None:
    patience = Patience()
    patience.spend(Patience.BUSY - 0.5, is_busy=True)
    assert patience.left(is_busy=False) == 0.5
    patience.spend(0.5, is_busy=False)
    assert patience.is_over
    assert patience.left(is_busy=True) == 0
