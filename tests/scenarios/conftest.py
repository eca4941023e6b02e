"""What scenarios share: their functions, known to their own tests only, and a cluster that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from durable.authoring.registry import Registry, registry
from tests.acceptance.clusters import Cluster
from tests.acceptance.conftest import Journal
from tests.scenarios.stage import new_cluster


def _functions_of(scenario: str) -> Registry:
    """Import a scenario, here and nowhere sooner, so that no test but its own knows its functions."""
    before = registry.snapshot()
    registry.restore(Registry())
    import_module(f"tests.scenarios.{scenario}")
    functions = registry.snapshot()
    registry.restore(before)
    return functions


_scenarios = {
    f"test_{path.stem}": _functions_of(path.stem)
    for path in sorted(Path(__file__).parent.glob("s[0-9]*.py"))
}


@pytest.fixture(autouse=True)
def functions(request: pytest.FixtureRequest, fresh_registry: Registry) -> None:
    """The functions of the scenario, known to this process as senders know them."""
    registry.restore(_scenarios[request.path.stem])


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "journal")


@pytest.fixture
def cluster(transactional_db: None) -> Iterator[Cluster]:
    """A cluster of two workers that knows the functions of the scenarios, and is ready."""
    with new_cluster() as started:
        yield started.wait_until_ready()
