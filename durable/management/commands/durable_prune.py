"""`manage.py durable_prune`: remove runs that ended long ago, and old lines of the audit log."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections, transaction

from durable.authoring.duration import duration
from durable.authoring.registry import registry
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

Target = tuple[str, str]  # what the audit log calls it: its kind, and its id


class Command(DatabaseCommand):
    """It can be stopped at any time: what is gone is gone whole, and the next run goes on."""

    help = (
        "Remove runs that ended long ago, with their steps and events, and old lines of the audit log. "
        "How long ago, DURABLE['RETENTION'] and DURABLE['AUDIT_RETENTION'] say; --older-than is for "
        "runs only."
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
        self._warn_of_unknown(store, options["function"])
        total: dict[Target, Removed] = defaultdict(Removed)
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
                what = _target(batch)
                total[what] += batch.removed
                self._progress(what, total[what], options)
        finally:
            if not options["dry_run"]:
                _write_down(store, total)
            self._sum_up(total, options)

    def _warn_of_unknown(self, store: Store, given: Sequence[str]) -> None:
        unknown = {one for one in given if one not in registry.functions}
        for one in sorted(unknown.difference(store.pruning.functions() if unknown else ())):
            self.stderr.write(
                f"No code here defines a function {line(one, 80)!r}, and there is no run of it."
                f"{registry.guess(one)}"
            )

    def _retention(self, store: Store, older: timedelta | None) -> Retention:
        if older is not None:
            return Retention(dict.fromkeys(FINAL_RUN, older))
        try:
            found = retention(kept(store))
        except SettingInvalidError as error:
            raise CommandError(str(error)) from error
        if not found.is_set and not found.audit:
            raise CommandError(
                "Nothing says how long runs are kept. Give --older-than, or set "
                "DURABLE['RETENTION'], for example to \"30d\"."
            )
        if not found.is_set:
            self.stderr.write("Runs are kept for ever: DURABLE['RETENTION'] does not say how long.")
        return found

    def _progress(self, what: Target, so_far: Removed, options: dict[str, Any]) -> None:
        if options["verbosity"] > 1 and so_far != Removed():
            self.stdout.write(f"{_name(what)}: {_said(so_far)} so far")

    def _sum_up(self, total: dict[Target, Removed], options: dict[str, Any]) -> None:
        if not options["verbosity"]:
            return
        word = "would be removed" if options["dry_run"] else "removed"
        found = {what: one for what, one in total.items() if one != Removed()}
        for what, one in found.items():
            self.stdout.write(f"{_name(what)}: {_said(one)} {word}")
        if not found:
            self.stdout.write("Nothing is old enough.")


def _target(batch: Batch) -> Target:
    if batch.function:
        return ("function", batch.function)
    return ("audit", "*") if batch.removed.operations else ("event", "*")


def _name(what: Target) -> str:
    kind, name = what
    if kind == "function":
        return line(name, 80)
    return "audit log" if kind == "audit" else "events without runs"


def _said(removed: Removed) -> str:
    counts = asdict(removed)
    counts["lines"] = counts.pop("operations")
    return " and ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _write_down(store: Store, total: dict[Target, Removed]) -> None:
    with transaction.atomic(store.alias):
        for (kind, name), one in total.items():
            if one != Removed():
                after = {what: count for what, count in asdict(one).items() if count}
                write_down(store, commander(), "prune", kind, name, after=after)


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
