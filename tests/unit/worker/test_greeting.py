from __future__ import annotations

from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry
from durable.q2 import options
from durable.worker.greeting import greeting


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "describe_broker", lambda: "durable on paper")


def define(*names: str) -> None:
    for name in names:
        durable.create_function(fn_id=name, trigger=durable.TriggerEvent(event="x"))(lambda ctx: 1)


def test_greeting_counts_workers_and_functions_and_names_the_broker(
    fresh_registry: Registry,
) -> None:
    define("one", "two")
    assert greeting(4) == "durable worker: 4 workers ready, 2 functions, durable on paper"


def test_one_of_each_is_in_the_singular(fresh_registry: Registry) -> None:
    define("one")
    assert greeting(1) == "durable worker: 1 worker ready, 1 function, durable on paper"


def test_worker_without_functions_warns_and_names_the_file_to_write(
    fresh_registry: Registry,
) -> None:
    first, second = greeting(2).splitlines()
    assert first == "durable worker: 2 workers ready, no functions, durable on paper"
    assert "WARNING, no function was found" in second
    assert "a file workflows.py of an app in INSTALLED_APPS" in second


def test_file_to_write_is_that_of_the_setting(fresh_registry: Registry, settings: Any) -> None:
    settings.DURABLE = {"MODULE": "flows.all"}
    assert "a file flows/all.py of an app" in greeting(2)
