"""A real cluster that runs the scenarios, and looks at its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

import durable
from durable.models import Run
from tests.acceptance.clusters import Cluster, eventually

Test = TypeVar("Test", bound=Callable[..., None])


def on_a_cluster(test: Test) -> Test:
    """Have a test run on Postgres only, with rows that other processes see."""
    marks = (pytest.mark.postgres, pytest.mark.django_db(transaction=True), pytest.mark.timeout(60))
    for mark in marks:
        test = mark(test)
    return test


def new_cluster(*options: str, workers: int = 2, settings: str = "settings") -> Cluster:
    """Return a cluster that knows the functions of the scenarios.

    Args:
        options: of `durable_worker`.
        workers: how many processes it has.
        settings: which of the settings of this folder.
    """
    module = f"tests.scenarios.{settings}"
    return Cluster("--workers", str(workers), *options, DJANGO_SETTINGS_MODULE=module)


def send(name: str, data: Mapping[str, Any]) -> None:
    """Send an event."""
    durable.send(durable.Event(name=name, data=data))


def the_run(function: str) -> Run:
    """Return the one run of a function."""
    return Run.objects.get(function=function)


def result_of(function: str, cluster: Cluster) -> Any:
    """Wait for the end of the one run of a function; return its result."""
    eventually(lambda: the_run(function).is_final, cluster.explain, seconds=15)
    return the_run(function).result


def has_status(function: str, status: str) -> Callable[[], bool]:
    """Return a question: whether the one run of a function is there and has a status."""
    return lambda: Run.objects.filter(function=function, status=status).exists()


def data_of(run: Run) -> Any:
    """Return the data of the event that started a run."""
    assert run.event is not None
    return run.event.value


def has_lines(path: Path, count: int = 1) -> Callable[[], bool]:
    """Return a question: whether a file has so many lines."""
    return lambda: len(lines(path)) >= count


def lines(path: Path) -> list[str]:
    """Return the lines of a file, none if it is not there."""
    return path.read_text().splitlines() if path.exists() else []
