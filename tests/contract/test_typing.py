"""Both type checkers see what the API promises, and complain where it is misused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT

BIN = Path(sys.executable).parent
CONTRACT = ["tests/contract/typing_api.py", "tests/contract/typing_wrong.py"]


def complaints(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_mypy_accepts_the_right_code_and_refuses_the_wrong() -> None:
    assert complaints(str(BIN / "mypy"), *CONTRACT) == ""


def test_pyright_accepts_the_right_code_and_refuses_the_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYRIGHT_PYTHON_IGNORE_WARNINGS", "1")
    if complaints(str(BIN / "pyright"), "--version"):
        pytest.skip("pyright does not run on this machine")
    assert complaints(str(BIN / "pyright"), "--pythonpath", sys.executable, *CONTRACT) == ""
