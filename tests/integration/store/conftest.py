"""Every promise of the store is held by every family: `store` is each of them in turn."""

from __future__ import annotations

from types import ModuleType

import pytest

from durable.store.store import Store
from tests.integration.store.families import FAMILIES


@pytest.fixture(params=FAMILIES)
def store(request: pytest.FixtureRequest, clock: ModuleType) -> Store:
    return FAMILIES[request.param]()
