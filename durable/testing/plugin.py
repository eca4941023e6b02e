"""The pytest plugin: two fixtures, on top of those of pytest-django. It does nothing until one is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from durable import testing

if TYPE_CHECKING:
    from durable.testing.threads import InProcessWorker
    from durable.testing.workflows import Workflows


@pytest.fixture
def workflows(db: None) -> Iterator[Workflows]:
    """Runs workflows in the test, on its connection; time is put back and stubs go when it ends."""
    with testing.Workflows() as kit:
        yield kit


@pytest.fixture
def workflow_worker(transactional_db: None) -> Iterator[InProcessWorker]:
    """A worker with four threads, which tries again what failed after 0.01 s."""
    with testing.InProcessWorker(threads=4, retry_delay=0.01) as worker:
        yield worker
