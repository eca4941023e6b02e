"""The plugin in projects that are not this one."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT

SETTINGS = """
SECRET_KEY = "x"
USE_TZ = True
Q_CLUSTER = {"name": "shop", "orm": "default", "timeout": 90, "retry": 120}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "durable", "shop"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "site.sqlite3",
        "TEST": {"NAME": %r},
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
"""
WORKFLOWS = """
import durable

@durable.create_function(fn_id="order", trigger=durable.TriggerEvent(event="shop/order.placed"))
def order(ctx):
    return ctx.step.run("charge", lambda: "charged")
"""
TESTS = """
def test_with_workflows(workflows):
    assert workflows.run("order").result == "charged"

def test_with_a_worker(workflow_worker):
    seen = []
    workflow_worker.stub_step("charge", call=lambda: seen.append(1))
    assert workflow_worker.run("order").status == "completed"
    assert seen == [1]
"""
BARE = """
import sys

def test_nothing_of_django_is_imported():
    assert [name for name in sys.modules if name.partition(".")[0].startswith("django")] == []
"""


def play(folder: Path, *arguments: str) -> str:
    """Run pytest in a folder, as a project of its own; return what it printed, and its exit status."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "DJANGO_"))
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    return f"{done.stdout}{done.stderr}\nexit status {done.returncode}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A Django project with one app."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = settings\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("")
    (tmp_path / "shop" / "workflows.py").write_text(WORKFLOWS)
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "settings.py").write_text(SETTINGS % "test.sqlite3")
    (tmp_path / "conftest.py").write_text("")
    return tmp_path


def test_pytest_finds_the_plugin() -> None:
    (found,) = [one for one in entry_points(group="pytest11") if one.name == "durable"]
    assert found.value == "durable.testing.plugin"


def test_the_fixtures_work_in_an_empty_project(site: Path) -> None:
    said = play(site)
    assert "2 passed" in said, said
    assert "exit status 0" in said


def test_a_database_in_memory_is_enough_for_one_of_them(site: Path) -> None:
    (site / "settings.py").write_text(SETTINGS % None)
    said = play(site)
    assert "1 passed, 1 error" in said, said
    assert "Name a file" in said


def test_it_does_nothing_in_a_project_without_django(tmp_path: Path) -> None:
    (tmp_path / "test_bare.py").write_text(BARE)
    said = play(tmp_path, "-p", "no:django", "-p", "no:pytest_django")
    assert "1 passed" in said, said


def test_it_can_be_turned_off(site: Path) -> None:
    said = play(site, "-p", "no:durable")
    assert "fixture 'workflows' not found" in said, said
