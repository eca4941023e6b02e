"""`manage.py durable_doctor`: is everything in place, and does a worker answer?"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

from django.core.checks import ERROR, CheckMessage, Tags, run_checks
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from durable.checks.site import TAG
from durable.engine.words import span
from durable.management.words import line
from durable.operations.health import Health, Level, look
from durable.own.roundtrip import Trip, travel
from durable.q2 import options as q2
from durable.store import Store, get_store
from durable.worker.identity import is_alive

_LATE = 3.0  # seconds after which a worker has found a run by looking, not by being called


class Command(BaseCommand):
    """Each finding is a line; what is wrong says what to do. Ends with 1 if anything is."""

    help = (
        "Check settings, tables, workers and the database, then start a run that does nothing and "
        "wait until a worker has finished it. Ends with 1 if something is wrong."
    )
    requires_system_checks = ()  # they are its subject

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--database", choices=tuple(connections))
        parser.add_argument(
            "--timeout", type=_seconds, default=20.0, help="seconds to wait for a worker (20)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go from the settings to the worker; stop where going on makes no sense."""
        self._is_ill = False
        self._quiet = options["verbosity"] == 0
        self._examine(options)
        if self._is_ill:
            raise SystemExit(1)

    def _examine(self, options: dict[str, Any]) -> None:
        try:
            store = get_store(options["database"])
        except Exception as error:  # noqa: BLE001 - whatever a wrong setting leads to
            return self._bad(f"The settings cannot be read: {error}", "Run `manage.py check`.")
        try:
            self._settings(store)
            if self._has_tables(store):
                health = look(store)
                self._health(health)
                self._trip(travel(store, options["timeout"]), health)
        except DatabaseError as error:
            text = " ".join(str(error).split())
            self._bad(f"The database {store.alias!r} does not answer: {text}", _REACH)

    def _settings(self, store: Store) -> None:
        tags = [TAG, Tags.database]
        every: list[CheckMessage] = run_checks(tags=tags, databases=[store.alias])
        found = [one for one in every if str(one.id).startswith("durable.")]
        for one in found:
            hint = str(one.hint or "").strip()
            tell = self._bad if one.level >= ERROR else self._doubtful
            tell(f"{one.msg} ({one.id})", hint)
        if not found:
            self._good("settings: nothing to complain of")

    def _has_tables(self, store: Store) -> bool:
        executor = MigrationExecutor(store.connection)
        targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "durable"]
        missing = [migration.name for migration, _ in executor.migration_plan(targets)]
        if missing:
            names = ", ".join(missing)
            self._bad(f"The tables are not up to date: {names}.", "Run `manage.py migrate`.")
            return False
        self._good(f"tables: up to date on {store.alias!r}")
        return True

    def _health(self, health: Health) -> None:
        for concern in health.concerns:
            is_bad = concern.level is Level.CRITICAL
            (self._bad if is_bad else self._doubtful)(concern.text, concern.advice)
        if not health.concerns:
            self._good(f"health: {len(health.alive)} workers, no concerns")

    def _trip(self, trip: Trip, health: Health) -> None:
        if trip.is_good:
            taken, ended = span(trip.taken or 0.0), span(trip.ended or 0.0)
            self._good(f"round trip: a worker took the run after {taken}, done after {ended}")
            if (trip.taken or 0.0) > _LATE and not health.backlog.count:
                self._doubtful(*_found_late())
            return
        self._bad(*_diagnosis(trip, health))

    def _good(self, text: str) -> None:
        self._say(self.style.SUCCESS("ok      ") + line(text, 500))

    def _doubtful(self, text: str, advice: str) -> None:
        self._say(self.style.WARNING("WARNING ") + line(text, 1000), advice)

    def _bad(self, text: str, advice: str) -> None:
        self._is_ill = True
        self._say(self.style.ERROR("WRONG   ") + line(text, 1000), advice)

    def _say(self, text: str, advice: str = "") -> None:
        if not self._quiet:
            self.stdout.write(text)
            for part in advice.splitlines():
                self.stdout.write(f"        {part}".rstrip())


_REACH = (
    "See that it runs, that this machine may reach it, and that user and password in DATABASES "
    "are right."
)


def _diagnosis(trip: Trip, health: Health) -> tuple[str, str]:
    """Say why the run did not come back, and what to do."""
    if trip.ended is not None:
        reason = trip.reason or trip.status
        return f"The round trip ended as {trip.status}: {reason}", "The worker's log says more."
    if trip.reason:
        return (
            f"A worker took the run and put it back: {trip.reason}",
            "Restart the workers: they run other code than this command.",
        )
    if trip.taken is not None:
        return (
            "A worker took the run and has not finished it.",
            "It may have died, or cannot write: its log says why.",
        )
    if not any(is_alive(one.owner) for one in health.alive):
        return (
            "No worker took the run: none is there.",
            "Start `manage.py durable_worker` with the same settings and the same database.",
        )
    return "Workers are there, but none took the run.", "\n".join(_suspects(health))


def _suspects(health: Health) -> Iterator[str]:
    if health.backlog.count:
        yield f"They may all be busy: {health.backlog.count} pieces of work wait."
    names = sorted({cluster.name for cluster in health.clusters if cluster.alive})
    if q2.cluster_name() not in names:
        yield (
            f"Messages go to the cluster {q2.cluster_name()!r}, and the workers belong to "
            f"{', '.join(map(repr, names))}: Q_CLUSTER['name'] must be the same."
        )
    yield "See that SECRET_KEY is the same: with another, django-q2 drops what is sent."
    yield "See the worker's log, and restart it."


def _found_late() -> tuple[str, str]:
    return (
        "The worker was not called; it found the run by looking, which is late.",
        f"Messages do not arrive through {q2.describe_broker()}. Compare Q_CLUSTER and SECRET_KEY "
        "here and where the worker runs; behind a transaction pooler, LISTEN hears nothing.",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
