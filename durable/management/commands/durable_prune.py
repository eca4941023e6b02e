"""`manage.py durable_prune`: remove runs that ended long ago."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections, transaction

from durable.authoring.duration import duration
from durable.engine.overrides import kept
from durable.errors import DurationInvalidError, SettingInvalidError
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.words import line
from durable.models.status import FINAL_RUN
from durable.operations.audit import write_down
from durable.operations.prune import BATCH, Batch, prune
from durable.operations.retention import Retention, checked, retention
from durable.store import Store, get_store
from durable.store.pruning import MOST, Removed


class Command(DatabaseCommand):
    """It can be stopped at any time: what is gone is gone whole, and the next run goes on."""

    help = (
        "Remove runs that ended long ago, with their steps and events. How long ago, the setting "
        "DURABLE['RETENTION'] says, or --older-than."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--older-than", type=_age, help='since their end, for example "30d"')
        parser.add_argument("--function", action="append", default=[], help="only runs of this id")
        parser.add_argument(
            "--status", action="append", choices=[str(status) for status in FINAL_RUN]
        )
        parser.add_argument("--batch", type=_size, default=BATCH, help=f"runs at a time ({BATCH})")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--database", choices=tuple(connections))

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove them, and say how many."""
        store = get_store(options["database"])
        total: dict[str, Removed] = defaultdict(Removed)
        batches = prune(
            store,
            self._retention(store, options["older_than"]),
            functions=options["function"],
            statuses=options["status"] or FINAL_RUN,
            size=options["batch"],
            is_rehearsal=options["dry_run"],
        )
        try:
            for batch in batches:
                known, new = total[batch.function], batch.removed
                total[batch.function] = Removed(known.runs + new.runs, known.events + new.events)
                self._progress(batch, total[batch.function], options)
        finally:
            if not options["dry_run"]:
                _write_down(store, total)
            self._sum_up(total, options)

    def _retention(self, store: Store, older: timedelta | None) -> Retention:
        if older is not None:
            return Retention(dict.fromkeys(FINAL_RUN, older))
        try:
            found = retention(kept(store))
        except SettingInvalidError as error:
            raise CommandError(str(error)) from error
        if not found.is_set:
            raise CommandError(
                "Nothing says how long runs are kept. Give --older-than, or set "
                "DURABLE['RETENTION'], for example to \"30d\"."
            )
        return found

    def _progress(self, batch: Batch, so_far: Removed, options: dict[str, Any]) -> None:
        if options["verbosity"] > 1 and (batch.removed.runs or batch.removed.events):
            what = line(batch.function, 80) or "events without runs"
            self.stdout.write(f"{what}: {_said(so_far)} so far")

    def _sum_up(self, total: dict[str, Removed], options: dict[str, Any]) -> None:
        if not options["verbosity"]:
            return
        word = "would be removed" if options["dry_run"] else "removed"
        found = {name: one for name, one in total.items() if one.runs or one.events}
        for name, one in found.items():
            self.stdout.write(f"{line(name, 80) or 'events without runs'}: {_said(one)} {word}")
        if not found:
            self.stdout.write("Nothing is old enough.")


def _said(removed: Removed) -> str:
    parts = [f"{removed.runs:,} runs"] if removed.runs else []
    parts += [f"{removed.events:,} events"] if removed.events else []
    return " and ".join(parts) or "nothing"


def _write_down(store: Store, total: dict[str, Removed]) -> None:
    with transaction.atomic(store.alias):
        for name, one in total.items():
            if one.runs or one.events:
                after = {"runs": one.runs, "events": one.events}
                kind = "function" if name else "event"
                write_down(store, commander(), "prune", kind, name or "*", after=after)


def _age(text: str) -> timedelta:
    try:
        return checked(duration(text, "--older-than"), "--older-than")
    except (DurationInvalidError, SettingInvalidError) as error:
        raise ArgumentTypeError(str(error)) from error


def _size(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= MOST:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST}")
    return number
