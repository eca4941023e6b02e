"""What the pages' code finds when it is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry
from durable.models import Run
from tests.docs.pages import Page
from tests.harness import Player

Read = Callable[..., dict[str, Any]]
Play = Callable[..., Any]


def site() -> dict[str, Any]:
    """Return the names of a settings module before a page adds to it."""
    return {"__name__": "page", "INSTALLED_APPS": [], "DATABASES": {"default": {}}}


@pytest.fixture
def read(fresh_registry: Registry, clock: object, transactional_db: None) -> Iterator[Read]:
    """Execute blocks of a page; its functions are registered for the test only."""

    def read(page: Page, blocks: slice = slice(None)) -> dict[str, Any]:
        return page.execute(site(), blocks)

    yield read


@pytest.fixture
def play(read: Read) -> Play:
    """Send an event, and return the result of the run of one function, or its error."""

    def play(name: str, function: str, /, **data: Any) -> Any:
        (event,) = durable.send(durable.Event(name=name, data=data))
        run = Player().settle(Run.objects.get(event_id=event, function=function))
        return run.result if run.failure is None else run.failure

    return play
