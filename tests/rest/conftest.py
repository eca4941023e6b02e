"""A site with the API, and programs that have keys for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from durable.access.keys import Rights, make
from durable.operations.audit import Actor
from durable.store import get_store

KeyMaker = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the addresses of the API."""
    for item in items:
        if "tests/rest/" in item.path.as_posix():
            item.add_marker(pytest.mark.urls("tests.rest.urls"))


@pytest.fixture
def key(db: None) -> KeyMaker:
    """Makes a key with these columns; returns what its owner keeps."""

    def key(operations: str = "*", **columns: Any) -> str:
        actor = Actor(who="a test", via="command")
        signs = columns.pop("signs", False)
        rights = Rights(**{"name": "test", "operations": operations.split(), **columns})
        return make(get_store(), actor, rights.key(), signs=signs).secret

    return key


@pytest.fixture
def api(key: KeyMaker) -> Callable[..., Client]:
    """Makes a client that shows a key with these columns; it may do everything if nothing is said."""

    def api(operations: str = "*", **columns: Any) -> Client:
        return Client(headers={"Authorization": f"Bearer {key(operations, **columns)}"})

    return api
