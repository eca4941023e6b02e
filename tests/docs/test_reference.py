"""The reference lists what there is: no more, no less, and with the right values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandParser, get_commands, load_command_class

import durable
from durable import errors
from durable.authoring.registry import Registry
from durable.conf import DEFAULTS
from durable.errors import DurableError
from durable.models import RunStatus, StepStatus
from scripts.bootstrap import ROOT
from tests.docs.pages import code, page

COMMANDS = (
    "durable_worker",
    "durable_send",
    "durable_key",
    "durable_list",
    "durable_show",
    "durable_verify",
    "durable_cancel",
    "durable_retry",
    "durable_replay",
    "durable_function",
    "durable_health",
    "durable_prune",
    "durable_doctor",
    "durable_metrics",
)


def test_settings() -> None:
    rows = [row for row in page("docs/reference/settings.md").rows() if row[0] != "entry"]
    assert {code(name): code(default) for name, default, _ in rows} == {
        name: repr(default) for name, default in DEFAULTS.items()
    }


def test_errors() -> None:
    rows = [row for row in page("docs/reference/errors.md").rows() if len(row) == 4]
    shown = {code(name): (code(word), again) for name, word, again, _ in rows if name != "class"}
    assert shown == {
        error.__name__: (error.code, "yes" if error.is_retriable else "no")
        for error in _error_classes()
    }


def test_errors_that_are_in_the_package_itself_are_marked() -> None:
    rows = [row for row in page("docs/reference/errors.md").rows() if len(row) == 4]
    marked = {code(row[0]) for row in rows if row[0].endswith("*")}
    assert marked == {e.__name__ for e in _error_classes() if e.__name__ in durable.__all__}


def _error_classes() -> Iterator[type[DurableError]]:
    for value in vars(errors).values():
        if inspect.isclass(value) and issubclass(value, DurableError):
            yield value


@pytest.mark.parametrize(("heading", "statuses"), [("Runs", RunStatus), ("Steps", StepStatus)])
def test_states(heading: str, statuses: Any) -> None:
    assert page("docs/reference/states.md").named(heading) == statuses.values


@pytest.mark.parametrize("heading", ["Runs", "Steps"])
def test_states_that_are_drawn_are_states(heading: str) -> None:
    names = {*RunStatus.values, *StepStatus.values, "[*]"}
    for drawing in page("docs/reference/states.md").blocks("mermaid"):
        for one, other in re.findall(r"^ +(\S+) --> (\S+?):? ?(?: .*)?$", drawing, re.MULTILINE):
            assert {one, other.rstrip(":")} <= names


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_commands(name: str) -> None:
    command = load_command_class("durable", name)
    parser = CommandParser()
    command.add_arguments(parser)
    mine = [(one.option_strings or [one.dest])[-1] for one in parser._actions[1:]]  # but --help
    assert page("docs/reference/commands.md").named(name) == mine


def test_every_command_of_ours_has_a_section() -> None:
    ours = {name for name, app in get_commands().items() if app == "durable"}
    assert ours == set(COMMANDS) <= page("docs/reference/commands.md").anchors()


def test_options_in_the_guide_are_options_of_the_worker() -> None:
    guide = {name.split()[0] for name in page("docs/howto/deploy.md").named("The worker")}
    assert guide == set(page("docs/reference/commands.md").named("durable_worker"))


def test_checks() -> None:
    sources = (ROOT / "durable" / "checks").glob("*.py")
    ids = {
        one for path in sources for one in re.findall(r'"(durable\.[EW]\d{3})"', path.read_text())
    }
    assert page("docs/reference/checks.md").named() == sorted(ids)


def test_concerns() -> None:
    sources = (ROOT / "durable" / "operations" / "health").glob("*.py")
    codes = {one for path in sources for one in re.findall(r'code="([a-z-]+)"', path.read_text())}
    assert set(page("docs/howto/operate.md").named("Health")) == codes


def test_arguments_of_create_function(fresh_registry: Registry) -> None:
    rows = list(page("docs/reference/functions.md").rows("create_function"))
    shown = {code(name): meaning for name, _, meaning in rows if name != "argument"}
    real = inspect.signature(durable.Client.create_function).parameters
    assert list(shown) == [name for name in real if name != "self"]
    for name in (name for name, meaning in shown.items() if meaning == "later"):
        given: dict[str, Any] = {name: object()}
        made = durable.create_function(fn_id="f", trigger=durable.TriggerEvent(event="e"), **given)(
            lambda ctx: None
        )
        assert set(made.later) == {name}


def test_fields_of_an_event() -> None:
    fields = page("docs/reference/functions.md").named("Event")
    assert fields == list(inspect.signature(durable.Event).parameters)


def test_attributes_of_a_context() -> None:
    shown = set(page("docs/reference/functions.md").named("Context"))
    tape: Any = _Tape()
    ctx = durable.ContextSync(tape=tape, run_id="1", events=[durable.Event(name="e")])
    assert {name for name in dir(ctx) if not name.startswith("_")} == shown


class _Tape:
    attempt = 0
