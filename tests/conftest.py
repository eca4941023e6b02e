"""What every test may use, and what none may: the network, and another test's leftovers."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import psutil
import pytest
from pytest_django import DjangoDbBlocker

from durable import clock as durable_clock
from durable.authoring.registry import Registry, registry
from durable.engine import pace
from durable.engine.overrides import overrides
from durable.worker import heartbeat, supervisor
from project.demo import processes
from tests import backends

ACCEPTANCE_TIMEOUT = 180  # seconds: real clusters have to start, die and be noticed
_EVERY = {  # variables that say how many tests of a tier are played; all of the others always are
    **dict.fromkeys(("cases", "integration", "rest", "scenarios", "testing"), "DURABLE_TEST_EVERY"),
    **dict.fromkeys(("acceptance", "browser", "invariants"), "DURABLE_TEST_EVERY_DEAR"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of other databases; mark those with real processes, and give them time."""
    mine = [item for item in items if _is_for(item, backends.chosen()) and _is_drawn(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in mine])
    items[:] = mine
    for item in items:
        if _is_alone(item):
            item.add_marker(pytest.mark.alone)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(ACCEPTANCE_TIMEOUT))


def _is_for(item: pytest.Item, backend: str) -> bool:
    named = {name for name in backends.NAMES if item.get_closest_marker(name)}
    return not named or backend in named


def _is_drawn(item: pytest.Item) -> bool:
    """Whether a test is among every so manieth of its tiers that the environment asks for."""
    every = int(os.environ.get(_EVERY.get(_tier(item), ""), "1"))
    return crc32(item.nodeid.encode()) % every == 0 or "integration/store" in item.nodeid


def _is_alone(item: pytest.Item) -> bool:
    """Whether it starts processes; of the scenarios those do that are for Postgres only."""
    tier = _tier(item)
    is_cluster = tier == "scenarios" and item.get_closest_marker("postgres") is not None
    return tier in ("acceptance", "browser", "project", "themes") or is_cluster


def _tier(item: pytest.Item) -> str:
    return Path(item.path).relative_to(Path(__file__).parent).parts[0]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("redis"):
        reason = backends.why_unreachable("redis")
        if reason:
            pytest.skip(f"Redis: {reason}")


@pytest.fixture
def fresh_registry() -> Iterator[Registry]:
    """The registry of functions, empty, to be filled at will: it is put back after the test."""
    before = registry.snapshot()
    registry.restore(Registry())
    yield registry
    registry.restore(before)


@pytest.fixture
def clock() -> Iterator[ModuleType]:
    """Both clocks, moved by `clock.travel(timedelta(...))` and put back after the test."""
    yield durable_clock
    durable_clock.reset()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Before the database goes, see that every process a test started for it has gone."""
    yield
    left = _children_left(patience=10.0)
    said = {pid: psutil.Process(pid).cmdline() for pid in left if psutil.pid_exists(pid)}
    processes.kill(left)
    with django_db_blocker.unblock():
        backends.end_other_sessions()
    assert not said


def _children_left(patience: float) -> set[int]:
    give_up = time.monotonic() + patience
    while left := processes.marked(str(os.getpid()), name=backends.CHILD_OF):
        if time.monotonic() > give_up:
            break
        time.sleep(0.1)
    return left


@pytest.fixture(autouse=True)
def no_informants() -> Iterator[None]:
    """End the session of a supervisor that a test had in this process."""
    yield
    threads = [one for one in threading.enumerate() if one.name == "durable-informant"]
    if threads:
        supervisor._informant.close()
    for thread in threads:
        thread.join(10)


@pytest.fixture(autouse=True)
def unknown_paces() -> None:
    """Forget how long the bodies of other tests took."""
    pace.forget()


@pytest.fixture(autouse=True)
def unknown_overrides() -> None:
    """Forget what other tests said about functions."""
    overrides.clear()


@pytest.fixture(autouse=True)
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep `durable.tasks.drain` from leaving a thread behind that outlives the test's database."""
    monkeypatch.setattr(heartbeat, "start", lambda: None)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse connections to anything but this machine and the servers under test."""
    connect = socket.socket.connect
    allowed = backends.hosts()

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in allowed:
            raise RuntimeError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
