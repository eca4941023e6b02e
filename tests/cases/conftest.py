"""Every case plays on a registry of its own, with clocks and journal put back, and wakes nobody."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from durable import wake
from durable.authoring.registry import Registry
from durable.wake.inprocess import Counter
from tests import harness


@pytest.fixture(autouse=True)
def stage(db: None, fresh_registry: Registry, clock: ModuleType) -> Iterator[None]:
    harness.journal.clear()
    with wake.use(Counter()):
        yield


@pytest.fixture
def player() -> harness.Player:
    return harness.Player()
