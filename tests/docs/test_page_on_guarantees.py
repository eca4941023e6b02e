"""Each promise has a command that shows it, and what the command names is there."""

from __future__ import annotations

import re

from durable.operations.verify import INVARIANTS
from scripts.bootstrap import ROOT
from tests.docs.pages import page

PAGE = page("docs/explanation/guarantees.md")
INVARIANTS_PAGE = page("docs/explanation/invariants.md")
PATH = re.compile(r"tests/[\w/]+(?:\.py)?")


def test_each_promise_has_its_command() -> None:
    promised = re.findall(r"^(\d+)\. \*\*", PAGE.text, re.MULTILINE)
    shown = [row[0] for row in PAGE.rows("Promised") if row[0] != "promise"]
    assert promised == shown != []


def test_tests_that_pages_name_are_there() -> None:
    pages = (PAGE, INVARIANTS_PAGE, page("SECURITY.md"), page("docs/explanation/security.md"))
    named = {path for one in pages for path in PATH.findall(one.text)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_each_invariant_is_listed_with_what_holds_it() -> None:
    rows = {row[0]: row for row in INVARIANTS_PAGE.rows("What must be true, and what holds it")}
    assert [f"I{number}" for number in range(1, 35)] == [one for one in rows if one]
    assert all(any(cell.strip() for cell in row[2:]) for row in rows.values())


def test_what_verify_looks_at_is_said_to_be_looked_at() -> None:
    rows = INVARIANTS_PAGE.rows("What must be true, and what holds it")
    said = {row[0] for row in rows if row[2].strip() and "does not apply" not in row[2]}
    assert {one.id for one in INVARIANTS} <= said


def test_checks_it_names_are_on_the_page_of_checks() -> None:
    named = set(re.findall(r"durable\.[EW]\d{3}", PAGE.text))
    assert named <= set(page("docs/reference/checks.md").named())


def test_units_of_the_page_on_deployment_have_options_the_worker_knows() -> None:
    unit = next(code for code in page("docs/howto/deploy.md").blocks("ini") if "[Unit]" in code)
    (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    known = set(page("docs/reference/commands.md").named("durable_worker"))
    assert set(re.findall(r"--[a-z]+", start)) <= known
    (grace,) = re.findall(r"--grace (\d+)", start)
    (patience,) = re.findall(r"TimeoutStopSec=(\d+)", unit)
    assert int(grace) < int(patience)
