"""Imports go down, and the pure floors load without Django."""

from __future__ import annotations

import subprocess
import sys

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_import_contracts_are_kept() -> None:
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize(
    "module", ["durable.replay", "durable.authoring", "durable.errors", "durable.codec", "durable"]
)
def test_import_loads_no_model_and_no_queue(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"django.db", "django_q", "rest_framework"} if module == "durable" else {"django"}
    assert heavy.isdisjoint(loaded)
