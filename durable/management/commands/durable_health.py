"""`manage.py durable_health`: how the site is, for people and for programs that watch it."""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error as DatabaseError
from django.db import connections

from durable.management.words import line, write
from durable.operations.health import Health, Level, Limits, facts, look
from durable.store import get_store


class Command(BaseCommand):
    """Ends with 1 when something is critical, or nothing can be asked; the database is only read."""

    help = (
        "Say who works, what waits, what is stuck, and what to do about it. Ends with 1 if something "
        "is critical."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        aliases = tuple(connections)
        parser.add_argument("--database", choices=aliases, help="the one with durable's tables")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument(
            "--oldest",
            type=_seconds,
            default=Limits().oldest,
            help="seconds for which work may be due (60)",
        )
        parser.add_argument(
            "--fail-level",
            choices=[level.value for level in Level],
            default=Level.CRITICAL.value,
            help="the least level of a concern that makes it end with 1 (critical)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, print, and judge."""
        store = get_store(options["database"])
        try:
            health = look(store, Limits(oldest=options["oldest"]))
        except DatabaseError as error:
            text = " ".join(str(error).split())
            raise CommandError(
                f"The database {store.alias!r} cannot be asked: {text}. If tables or columns are "
                "missing, run `manage.py migrate`."
            ) from error
        if options["format"] == "json":
            write(self.stdout, [json.dumps(_json(health), indent=2, cls=DjangoJSONEncoder)])
        elif options["verbosity"]:
            write(self.stdout, list(self._text(health)))
        levels = {concern.level for concern in health.concerns}
        if Level.CRITICAL in levels or Level(options["fail_level"]) in levels:
            raise SystemExit(1)

    def _text(self, health: Health) -> Iterator[str]:
        found = list(facts(health))
        width = max(len(name) for name, _ in found)
        for name, text in found:
            yield f"{name:<{width}}  {line(text, 300)}"
        for cluster in health.clusters:
            alive, owner = len(cluster.alive), "" if cluster.is_supervised else ", a plain qcluster"
            place = line(f"{cluster.name} on {cluster.host}", 100)
            yield f"{'':<{width}}  {place}: {alive} of {len(cluster.workers)} workers{owner}"
        if not health.concerns:
            yield self.style.SUCCESS("All is well.")
        for concern in health.concerns:
            style = self.style.ERROR if concern.level is Level.CRITICAL else self.style.WARNING
            yield style(f"{concern.level.upper()} {concern.code}: {line(concern.text, 500)}")
            yield f"  {line(concern.advice, 500)}"


def _json(health: Health) -> dict[str, Any]:
    """Return everything, with what follows from it."""
    return {
        "level": health.level or "well",
        "claims_per_minute": health.rate,
        "hints_per_claim": health.hints_per_claim,
        "workers_alive": len(health.alive),
        "oldest_due_seconds": health.backlog.oldest.oldest if health.backlog.oldest else 0.0,
        **dataclasses.asdict(health),
    }


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds
