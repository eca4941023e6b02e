"""Every test here has a registry of its own, so that it may define what it likes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from durable.authoring.registry import Registry
from tests import harness


@pytest.fixture(autouse=True)
def stage(fresh_registry: Registry) -> Iterator[None]:
    harness.journal.clear()
    yield
