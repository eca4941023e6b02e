"""Real transactions on real threads; every family of the store in turn."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from durable import wake
from durable.authoring.registry import Registry
from durable.store.store import Store
from durable.wake.inprocess import Counter
from tests.integration.store.families import FAMILIES
from tests.invariants import stage


@pytest.fixture(autouse=True)
def clean_stage(
    transactional_db: None, fresh_registry: Registry, clock: ModuleType
) -> Iterator[None]:
    stage.journal.clear()
    with wake.use(Counter()):
        yield


@pytest.fixture(params=FAMILIES)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of each family, which `durable.send` uses as well."""
    chosen = FAMILIES[request.param]()
    monkeypatch.setattr("durable.store.store._store", lambda alias: chosen)
    return chosen
