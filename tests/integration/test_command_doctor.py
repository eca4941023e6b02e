from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from durable import tasks
from durable.authoring.registry import Registry
from durable.management.commands import durable_doctor
from durable.models import Event, Run, RunStatus, Step
from durable.own import roundtrip
from durable.store import get_store
from durable.worker import identity
from tests.integration import rows

pytestmark = pytest.mark.django_db


def nobody(seconds: float) -> None:
    """Pass the time without a worker."""


def worker(seconds: float) -> None:
    """Be the worker."""
    tasks.drain()


@pytest.fixture(autouse=True)
def sound_site(fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Any:
    fresh_registry.add(roundtrip.answer)
    entry = connections.settings["default"]
    if connection.vendor == "sqlite":
        entry["OPTIONS"]["transaction_mode"] = "IMMEDIATE"
    monkeypatch.setitem(entry, "CONN_MAX_AGE", 60)


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Have the doctor look; return the exit code and what it said."""

    def examine(pause: Callable[[float], None], *args: str, **options: Any) -> tuple[int, str]:
        monkeypatch.setattr(durable_doctor, "travel", partial(roundtrip.travel, pause=pause))
        out, code = StringIO(), 0
        try:
            call_command("durable_doctor", *args, stdout=out, no_color=True, **options)
        except SystemExit as end:
            code = int(str(end.code))
        return code, out.getvalue()

    return examine


def test_workers_that_were_killed_are_none_whatever_their_rows_say(examined: Any) -> None:
    dead = identity.owner().replace(f":{os.getpid()}:", ":999999999:")
    rows.worker(owner=dead, cluster="here")
    code, said = examined(nobody, "--timeout=0.01")
    assert "No worker took the run: none is there." in said
    assert (code, "SECRET_KEY" in said) == (1, False)


def test_sound_site_with_a_worker_is_well_and_nothing_is_left(examined: Any) -> None:
    rows.worker(cluster="here")
    code, said = examined(worker)
    assert (code, "WRONG" in said) == (0, False), said
    assert "tables: up to date" in said
    assert "round trip: a worker took the run after" in said
    assert not any(model._default_manager.exists() for model in (Run, Step, Event))


def test_missing_worker_is_named(examined: Any) -> None:
    code, said = examined(nobody, "--timeout=0.01")
    assert code == 1
    assert "No worker took the run: none is there." in said
    assert "with the same settings and the same database" in said
    assert not Run.objects.exists()


def test_workers_of_another_cluster_are_named(examined: Any) -> None:
    rows.worker(cluster="elsewhere")
    code, said = examined(nobody, "--timeout=0.01")
    assert code == 1
    assert "Workers are there, but none took the run." in said
    assert "the workers belong to 'elsewhere'" in said
    assert "SECRET_KEY" in said


def test_worker_with_other_code_is_named(examined: Any, fresh_registry: Registry) -> None:
    fresh_registry.functions.clear()
    code, said = examined(worker, "--timeout=0.05")
    assert code == 1
    assert "put it back: No function 'durable-roundtrip'" in said
    assert "Restart the workers" in said


def test_worker_that_dies_over_it_is_named(examined: Any) -> None:
    def take(seconds: float) -> None:
        get_store().runs.claim("gone:1:1")

    code, said = examined(take, "--timeout=0.05")
    assert (code, "has not finished it" in said) == (1, True)


def test_cancelled_trip_says_so(examined: Any) -> None:
    def cancel(seconds: float) -> None:
        run = Run.objects.get()
        get_store().runs.cancel(run.pk, "The queue was emptied.")

    code, said = examined(cancel)
    assert code == 1
    assert f"ended as {RunStatus.CANCELLED}: The queue was emptied." in said


def test_missing_tables_are_named_and_end_it(examined: Any) -> None:
    MigrationRecorder(connection).record_unapplied("durable", "0001_initial")
    code, said = examined(worker)
    assert code == 1
    assert "not up to date: 0001_initial" in said
    assert "manage.py migrate" in said
    assert "round trip" not in said


def test_complaints_of_the_settings_come_with_their_hints(examined: Any) -> None:
    rows.worker()
    with override_settings(DURABLE={"RETENTION": "soon"}):
        code, said = examined(worker)
    assert code == 1
    assert "(durable.E020)" in said
    assert "For example" in said


def test_quiet_tells_by_the_exit_code_alone(examined: Any) -> None:
    rows.worker()
    assert examined(worker, verbosity=0) == (0, "")


def test_wrong_arguments_are_clear_errors() -> None:
    with pytest.raises(CommandError, match="--timeout"):
        call_command("durable_doctor", "--timeout=0")
