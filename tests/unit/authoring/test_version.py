"""Versions of functions: the same for the same code, whichever process computes it."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry
from durable.authoring.version import version_of
from durable.errors import FunctionConfigInvalidError

EVENT = durable.TriggerEvent(event="go")

WITHOUT_SOURCE = """
from durable.authoring.version import version_of
scope = {}
exec("def one(ctx):\\n    return ctx in {'a', 'b', 'c', 'd', 'e'}", scope)
print(version_of(scope['one']))
"""


def one(ctx: durable.ContextSync) -> int:
    return 1


def other(ctx: durable.ContextSync) -> int:
    return 2


class Callable:
    def __call__(self, ctx: durable.ContextSync) -> int:
        return 3


def test_the_same_code_has_one_version_and_other_code_another() -> None:
    assert version_of(one) == version_of(one)
    assert version_of(one) != version_of(other)
    assert len(version_of(one)) == 12


def test_partials_and_callable_objects_have_that_of_their_code() -> None:
    assert version_of(partial(one)) == version_of(one)
    assert version_of(Callable()) != version_of(one)


def test_code_without_source_has_the_same_in_every_process() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", WITHOUT_SOURCE],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_code_without_source_that_differs_has_another() -> None:
    def made(text: str) -> Any:
        scope: dict[str, Any] = {}
        exec(text, scope)
        return scope["one"]

    first = made("def one(ctx):\n    return [n for n in ctx if n == 1]")
    assert version_of(first) != version_of(made("def one(ctx):\n    return [n for n in ctx if n]"))


def test_a_function_has_that_of_its_handler_unless_its_client_says(
    fresh_registry: Registry,
) -> None:
    function = durable.create_function(fn_id="one", trigger=EVENT)(one)
    assert function.version == version_of(one)
    client = durable.Client(app_id="shop", app_version="2026.11.21")
    assert client.create_function(fn_id="one", trigger=EVENT)(one).version == "2026.11.21"


@pytest.mark.parametrize("wrong", ["", "x" * 65, 7])
def test_a_version_that_cannot_be_stored_is_refused(wrong: Any) -> None:
    with pytest.raises(FunctionConfigInvalidError, match="app_version"):
        durable.Client(app_version=wrong)
