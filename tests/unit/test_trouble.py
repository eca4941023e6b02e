"""When the database is in trouble, work rests for as long as that has lasted, however much of it there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from durable.engine import trouble


@pytest.fixture(autouse=True)
def no_trouble() -> Iterator[None]:
    trouble.over()
    yield
    trouble.over()


def test_what_is_many_rests_no_longer_than_what_is_one() -> None:
    assert [trouble.pause() for _ in range(20)] == [1.0] * 20


def test_work_rests_for_as_long_as_the_trouble_has_lasted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 100.5, 107.0, 300.0])
    monkeypatch.setattr("durable.engine.trouble.time.monotonic", lambda: next(now))
    assert [trouble.pause() for _ in range(4)] == [1.0, 1.0, 7.0, 60.0]


def test_trouble_that_is_over_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 130.0, 140.0])
    monkeypatch.setattr("durable.engine.trouble.time.monotonic", lambda: next(now))
    assert [trouble.pause() for _ in range(2)] == [1.0, 30.0]
    trouble.over()
    assert trouble.pause() == 1.0
