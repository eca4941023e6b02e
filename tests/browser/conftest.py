"""One site, one cluster and one browser for the tests of this folder; each test makes runs of its own."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

import durable
from durable.authoring.registry import registry
from durable.models import Run
from scripts import browser
from tests import backends
from tests.acceptance.clusters import ROOT, Cluster, eventually

SETTINGS = "tests.browser.settings"


@dataclass(frozen=True, slots=True)
class Stage:
    """The page of a logged-in administrator, and the address of the admin."""

    page: Any
    admin: str

    def send(self, name: str, **data: Any) -> Run:
        """Send an event, and return the run it started."""
        event, *_ = durable.send(durable.Event(name=f"browser/{name}", data=data))
        return Run.objects.get(event_id=event)

    def open(self, run: Run) -> None:
        """Go to the page of a run."""
        self.page.goto(f"{self.admin}durable/run/{run.pk}/change/")

    def ends(self, run: Run, status: str = "completed") -> Run:
        """Wait for the end of a run."""

        def is_over() -> bool:
            run.refresh_from_db()
            return run.is_final

        eventually(is_over)
        assert run.status == status, run.error or run.reason
        return run


@dataclass(frozen=True, slots=True)
class House:
    """What takes long to start."""

    admin: str
    chromium: Any


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Have a server, a cluster and a browser for the length of a module."""
    reason = browser.why_not()
    if reason:
        pytest.skip(f"browser: {reason}")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        # Playwright runs a loop in this thread, which makes Django suspect async code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        cluster = Cluster(DJANGO_SETTINGS_MODULE=SETTINGS)
        with cluster, _server() as admin, browser.launch() as chromium:
            User.objects.create_superuser("admin", password="admin")
            cluster.wait_until_ready()
            yield House(admin, chromium)
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def db() -> None:
    """Ask for the database, without a transaction around the test and without emptying it afterwards.

    The server is a process of its own, and remembers tables that would be emptied.
    """


@pytest.fixture
def stage(house: House, db: None) -> Iterator[Stage]:
    """Have an administrator at the browser."""
    size = {"width": 1360, "height": 1000}
    context = house.chromium.new_context(viewport=size, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(40_000)
    page = context.new_page()
    with _functions():
        _log_in(page, house.admin)
        yield Stage(page, house.admin)
    context.close()


@contextmanager
def _functions() -> Iterator[None]:
    before = registry.snapshot()
    sys.modules.pop("tests.browser.site.workflows", None)
    importlib.import_module("tests.browser.site.workflows")
    try:
        yield
    finally:
        registry.restore(before)


@contextmanager
def _server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = backends.child_environment(DJANGO_SETTINGS_MODULE=SETTINGS)
    command = [sys.executable, "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with Path(backends.scratch(), f"server-{port}.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            eventually(lambda: _answers(port))
            yield f"http://127.0.0.1:{port}/admin/"
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _log_in(page: Any, admin: str) -> None:
    page.goto(f"{admin}login/?next=/admin/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", "admin")
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(admin)
