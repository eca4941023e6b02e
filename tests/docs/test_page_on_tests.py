"""The tests that the page on tests shows pass; the reference lists what the kit has."""

from __future__ import annotations

import inspect
import json
import unittest
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from durable import testing
from durable.testing import InProcessWorker, Workflows, replay_test
from tests.docs.conftest import Read
from tests.docs.pages import page

GUIDE = page("docs/howto/test-your-workflow.md")
REFERENCE = page("docs/reference/testing.md")


def test_the_test_case_of_the_page_passes(read: Read) -> None:
    shown = read(GUIDE)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(shown["WelcomeTest"])
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (3, [], [])


def functions_with(shown: dict[str, Any], fixture: str) -> list[Callable[[Any], None]]:
    """Return the page's functions for pytest that use a fixture."""
    functions = [value for name, value in shown.items() if name.startswith("test_")]
    return [one for one in functions if list(inspect.signature(one).parameters) == [fixture]]


def test_the_functions_for_pytest_pass(read: Read) -> None:
    functions = functions_with(read(GUIDE), "workflows")
    assert len(functions) == 5
    for function in functions:
        with Workflows() as workflows:
            function(workflows)


def test_the_function_with_threads_passes(read: Read) -> None:
    (function,) = functions_with(read(GUIDE), "workflow_worker")
    with InProcessWorker() as worker:
        function(worker)


def test_a_run_of_the_page_is_replayed(read: Read, tmp_path: Path) -> None:
    shown = read(GUIDE)
    with Workflows() as workflows:
        workflows.stub_step("look-up-address", returns="eve@example.org")
        run = workflows.run(shown["welcome"], {"user_id": 1}, through="30d")
    text = StringIO()
    call_command("durable_show", run.id, format="json", stdout=text)
    assert json.loads(text.getvalue())["status"] == "completed"
    (tmp_path / "welcome.json").write_text(text.getvalue())
    shown["test_old_runs_can_go_on"](tmp_path / "welcome.json")
    assert shown["replay_test"] is replay_test


def test_the_names_of_the_kit() -> None:
    assert REFERENCE.named("`durable.testing`") == testing.__all__
    assert sorted(testing.__all__) == testing.__all__


@pytest.mark.parametrize("name", ["Workflows", "InProcessWorker", "RunInfo", "StepInfo"])
def test_the_names_of_its_parts(name: str) -> None:
    public = {one for one in dir(getattr(testing, name)) if not one.startswith("_")}
    assert set(REFERENCE.named(name)) == public


@pytest.mark.parametrize("name", ["Stub", "Kill"])
def test_the_names_of_what_it_returns(name: str) -> None:
    assert set(REFERENCE.named(name)) <= set(dir(getattr(testing, name)))
