"""The checks that need no database: format, lint, imports, types, settings, migrations."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.bootstrap import ROOT

BIN = Path(sys.executable).parent
MANAGE = (sys.executable, "manage.py")
RUFF, SHORT = (str(BIN / "ruff"),), ("--output-format", "concise")
TYPED_CONTRACT = "tests/contract/typing_api.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    command: tuple[str, ...]
    is_figure: bool = False  # its last line says something even when all is well
    needs: str = ""  # a tool that may be missing: the check is skipped unless `--version` works


CHECKS = (
    Check(name="format", command=(*RUFF, "format", "--check", *SHORT, ".")),
    Check(name="lint", command=(*RUFF, "check", *SHORT, ".")),
    Check(
        name="security",
        command=(str(BIN / "bandit"), "-qr", "-ll", "-c", "pyproject.toml", "durable"),
    ),
    Check(name="sizes", command=(sys.executable, "-m", "scripts.sizes"), is_figure=True),
    Check(name="imports", command=(str(BIN / "lint-imports"), "--no-logo")),
    Check(name="types (mypy)", command=(str(BIN / "mypy"),)),
    Check(
        name="types (pyright)",
        command=(str(BIN / "pyright"), "--pythonpath", sys.executable, TYPED_CONTRACT),
        needs=str(BIN / "pyright"),
    ),
    Check(name="settings", command=(*MANAGE, "check", "--fail-level", "WARNING")),
    Check(name="migrations", command=(*MANAGE, "makemigrations", "--check", "--dry-run")),
)


def run() -> bool:
    """Run the checks in order, up to the first that finds something; say whether none did."""
    with tempfile.TemporaryDirectory(prefix="durable-") as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        }
        return all(_passes(check, environment) for check in CHECKS)


def _passes(check: Check, environment: dict[str, str]) -> bool:
    if check.needs and not _works(check.needs, environment):
        print(f"  {check.name:<18} SKIPPED  the tool does not run on this machine", flush=True)
        return True
    began = time.monotonic()
    done = _execute(check.command, environment)
    seconds = time.monotonic() - began
    verdict = "FAILED" if done.returncode else "ok"
    figure = done.stdout.strip().rpartition("\n")[2] if check.is_figure else ""
    print(f"  {check.name:<18} {verdict:<8} {seconds:5.1f} s  {figure}".rstrip(), flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return not done.returncode


def _works(tool: str, environment: dict[str, str]) -> bool:
    if not Path(tool).exists():
        return False
    return _execute((tool, "--version"), environment).returncode == 0


def _execute(
    command: tuple[str, ...], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
