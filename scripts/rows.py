"""The rows of the test table: which tiers run where, and what came of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from scripts.bootstrap import ROOT

ONCE = ("tests/unit", "tests/contract", "tests/docs")
PARALLEL = (
    "tests/integration",
    "tests/cases",
    "tests/testing",
    "tests/scenarios",
    "tests/invariants",
    "tests/campaigns",
    "tests/rest",
)
ALONE = ("tests/acceptance", "tests/scenarios")  # they start processes
ALONE_ONCE = (*ALONE, "tests/project", "tests/browser", "tests/themes")
TOGETHER_ONLY, ALONE_ONLY = "not redis and not alone", "alone and not redis"

NO_TESTS_COLLECTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    parallel: tuple[str, ...] = ()  # pytest arguments for the tests that share the machine
    alone: tuple[str, ...] = ()  # and for those that do not
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    remark: str = ""


@dataclass(slots=True, kw_only=True)
class Result:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    remark: str = ""

    def add(self, report: Path, status: int) -> None:
        """Count what one pytest process reported; one that died counts as a failure."""
        suites = ElementTree.parse(report).iter("testsuite") if report.exists() else []  # noqa: S314  our own file
        failed = 0
        for suite in suites:
            total, *bad = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors"))
            skipped = int(suite.get("skipped", 0))
            failed += sum(bad)
            self.skipped += skipped
            self.passed += total - skipped - sum(bad)
        self.failed += failed or status not in (0, NO_TESTS_COLLECTED)


def run(row: Row) -> Result:
    """Run the tests of a row, all of them, and count."""
    print(f"\n── {row.name} {'─' * (70 - len(row.name))}", flush=True)
    result = Result(name=row.name, remark=row.remark)
    began = time.monotonic()
    workers = str(min(4, _processors()))
    for arguments in ((*row.parallel, "-n", workers) if row.parallel else (), row.alone):
        if arguments:
            _pytest(row, arguments, result)
    result.seconds = time.monotonic() - began
    if not (result.passed or result.failed or result.skipped):
        result.failed, result.remark = 1, "no test ran"
    return result


def _processors() -> int:
    """Count the processors this process may use, which in a container may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pytest(row: Row, arguments: tuple[str, ...], result: Result) -> None:
    with tempfile.TemporaryDirectory(prefix="durable-") as folder:
        report = Path(folder) / "report.xml"
        command = [row.python, "-m", "pytest", "-q", f"--junit-xml={report}", *arguments]
        environment = {**os.environ, **row.environment, "DURABLE_TEST_SCRATCH": folder}
        result.add(report, _wait(subprocess.Popen(command, cwd=ROOT, env=environment)))


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for pytest; when this process is to end, let pytest put its databases away first."""
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
