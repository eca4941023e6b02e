"""`python -m project.demo` as a newcomer runs it; the demo itself checks what it shows."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings

from project.demo import processes

pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(120)]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**clean, "DEMO_FOLDER": str(tmp_path / "demo")}


def start(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "project.demo", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    with start(environment, *arguments) as demo:
        output, _ = demo.communicate()
    return demo.returncode, output


def left_over(environment: Mapping[str, str]) -> set[int]:
    """Return the processes that still know the demo's folder."""
    return processes.marked(environment["DEMO_FOLDER"], name="DEMO_FOLDER")


def test_both_runs_complete_with_right_results(environment: dict[str, str]) -> None:
    code, output = run(environment)
    assert code == 0, output
    assert "Retried     book-in-ledger: the ledger is busy" in output
    assert "\x1b" not in output
    assert left_over(environment) == set()


def test_runs_complete_although_their_workers_are_killed(environment: dict[str, str]) -> None:
    code, output = run(environment, "--kill")
    assert code == 0, output
    assert len(re.findall(r"kill -9 \d+", output)) == 2
    assert "130 were recorded, one for each step" in output
    assert left_over(environment) == set()


def test_text_of_ones_own_is_summarised(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("The lamp burned on the rock for a hundred and eleven years.")
    code, output = run(environment, "--file", str(tmp_path / "own.txt"))
    assert code == 0, output
    assert "Summary     The lamp burned on the rock" in output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\xff", "own.txt is not UTF-8 text"),
        ("Über den Wellen.".encode("latin-1"), "own.txt is not UTF-8 text"),
        (b"a\0b", "own.txt holds NUL characters"),
        (b"", "own.txt holds no words"),
        (b" \n", "own.txt holds no words"),
    ],
)
def test_text_that_cannot_be_read_is_refused_before_anything_is_started(
    environment: dict[str, str], tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "own.txt").write_bytes(content)
    code, output = run(environment, "--file", str(tmp_path / "own.txt"))
    assert code == 2
    assert reason in output
    assert "Starting" not in output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_demo_leaves_nothing_running(
    environment: dict[str, str], number: signal.Signals, code: int
) -> None:
    with start(environment) as demo:
        assert demo.stdout
        demo.stdout.readline()
        demo.stdout.readline()  # the worker is ready
        demo.send_signal(number)
        demo.stdout.read()
    assert demo.returncode == code
    assert left_over(environment) == set()
