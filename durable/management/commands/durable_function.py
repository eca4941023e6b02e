"""`manage.py durable_function ID`: how a function is configured; pause, resume, configure it."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from durable.errors import FunctionConfigInvalidError, FunctionNotFoundError
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.words import line, write
from durable.models import FunctionConfig
from durable.operations.configure import (
    OPTIONS,
    check_known,
    configure_function,
    pause_function,
    reset_function,
    resume_function,
    shown,
)
from durable.store import Store, get_store

_ALL = "all"


class Command(DatabaseCommand):
    """With `--verbosity 0` no text is printed."""

    help = "Say how a function is configured without a deploy; pause, resume or configure it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("function", help="its id")
        state = parser.add_mutually_exclusive_group()
        state.add_argument("--pause", action="store_true", help="begin nothing new")
        state.add_argument("--resume", action="store_true", help="go on")
        parser.add_argument(
            "--set",
            action="append",
            type=_pair,
            default=[],
            metavar="NAME=VALUE",
            help=f"override an option, with a JSON value: {', '.join(OPTIONS)}",
        )
        parser.add_argument(
            "--reset",
            action="append",
            choices=(*OPTIONS, _ALL),
            default=[],
            help="have an option be as the code and the settings say, or all of them",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Change what is asked for, all or nothing, and say how it is."""
        store, function = get_store(), options["function"]
        try:
            with transaction.atomic(store.alias):
                check_known(store, function)
                before = _state(store, function)
                _change(function, options)
                after = _state(store, function)
        except (FunctionNotFoundError, FunctionConfigInvalidError) as error:
            raise CommandError(str(error)) from error
        changed = [name for name, value in after.items() if value != before[name]]
        if options["format"] == "json":
            said = {"function": function, **after, "changed": changed}
            write(self.stdout, [json.dumps(said, indent=2)])
        elif options["verbosity"]:
            write(self.stdout, _text(function, before, after))


def _change(function: str, options: Mapping[str, Any]) -> None:
    actor = commander()
    if _ALL in options["reset"]:
        reset_function(function, actor=actor)
    changes = {name: None for name in options["reset"] if name != _ALL} | dict(options["set"])
    if changes:
        configure_function(function, changes, actor=actor)
    if options["pause"]:
        pause_function(function, actor=actor)
    if options["resume"]:
        resume_function(function, actor=actor)


def _state(store: Store, function: str) -> dict[str, Any]:
    """Return since when it is paused, and what is overridden; None where nothing is said."""
    row = store.functions.rows.filter(pk=function).first() or FunctionConfig(function=function)
    return {name: shown(row, name) for name in ("paused", *OPTIONS)}


def _text(function: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield line(function, 200)
    width = max(map(len, after))
    for name, value in after.items():
        was = f"  (was: {_word(name, before[name])})" if value != before[name] else ""
        yield f"  {name:<{width}}  {_word(name, value)}{was}"


def _word(name: str, value: Any) -> str:
    if value is None:
        return "no" if name == "paused" else "as in the code"
    return f"since {value}" if name == "paused" else json.dumps(value)


def _pair(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; a value that is no JSON is a text."""
    name, sign, value = text.partition("=")
    if not sign:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
