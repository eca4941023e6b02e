"""Imports go down, and the pure floors load without Django."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_import_contracts_are_kept() -> None:
    """In a process of its own: it configures logging anew."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    linted = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    "module",
    [
        "durable.playback.tape",
        "durable.expressions.condition",
        "durable.typed.output",
        "durable.authoring.step",
        "durable.errors",
        "durable.codec",
        "durable",
    ],
)
def test_import_loads_no_model_and_no_queue(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"django.db", "django_q", "rest_framework"} if module == "durable" else {"django"}
    assert (heavy | {"pydantic"}).isdisjoint(loaded)
