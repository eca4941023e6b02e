"""Commands on a database that has no tables yet: a sentence, and no traceback."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import ProgrammingError

from durable.management.command import DatabaseCommand
from durable.management.commands import durable_list

COMMANDS = [
    ("durable_list", []),
    ("durable_show", ["1234"]),
    ("durable_send", ["a/b"]),
    ("durable_key", ["list"]),
    ("durable_verify", []),
    ("durable_prune", []),
    ("durable_metrics", []),
    ("durable_cancel", ["1234"]),
    ("durable_retry", ["1234"]),
    ("durable_replay", ["1234"]),
    ("durable_function", ["shop"]),
]


@pytest.mark.parametrize(("name", "args"), COMMANDS)
def test_a_command_without_tables_says_to_migrate(
    name: str, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*args: Any, **options: Any) -> None:
        raise ProgrammingError('relation "durable_run" does not exist\nLINE 1')

    monkeypatch.setattr(BaseCommand, "execute", execute)
    with pytest.raises(CommandError, match=r'"durable_run" does not exist LINE 1.*migrate'):
        call_command(name, *args)


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(*args: Any, **options: Any) -> None:
        raise ZeroDivisionError

    assert issubclass(durable_list.Command, DatabaseCommand)
    monkeypatch.setattr(durable_list.Command, "handle", handle)
    with pytest.raises(ZeroDivisionError):
        call_command("durable_list", skip_checks=True)
