"""The figures that `make test` prints are CI's verdict, so they are tested too."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.rows import Result
from scripts.run_tests import main

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite tests="10" failures="{failures}" errors="1" skipped="2"/></testsuites>
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.xml"
    path.write_text(REPORT.format(failures=3))
    return path


def test_failures_and_errors_are_counted_apart_from_passes(report: Path) -> None:
    result = Result(name="sqlite")
    result.add(report, 1)
    assert (result.passed, result.failed, result.skipped) == (4, 4, 2)


def test_several_reports_add_up(report: Path) -> None:
    result = Result(name="sqlite")
    result.add(report, 1)
    result.add(report, 1)
    assert (result.passed, result.failed, result.skipped) == (8, 8, 4)


@pytest.mark.parametrize(("status", "failed"), [(0, 0), (5, 0), (1, 1), (3, 1), (-9, 1)])
def test_pytest_that_leaves_no_report_is_red_unless_it_had_nothing_to_do(
    tmp_path: Path, status: int, failed: int
) -> None:
    result = Result(name="sqlite")
    result.add(tmp_path / "none.xml", status)
    assert result.failed == failed


def test_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sqlit"]) == 2
    assert "There is no sqlit; choose from checks, unit, sqlite" in capsys.readouterr().out
