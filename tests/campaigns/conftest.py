"""Campaigns wipe the tables themselves, and need real commits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaigns.observer import observer
from tests.campaigns.stage import wipe


@pytest.fixture(autouse=True)
def wiped(transactional_db: None) -> Iterator[None]:
    yield
    wipe()
    observer.close()
