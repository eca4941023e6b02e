"""`manage.py durable_key create|list|rotate|revoke`: keys for the API."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from durable import clock
from durable.access.keys import KeyInvalidError, Made, Rights, make, revoke, rotate
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.models import Key
from durable.store import get_store

MOST_DAYS, MOST_HOURS = 36_500, 8_760  # a century, a year

_ACTIONS = ("create", "list", "rotate", "revoke")


class Command(DatabaseCommand):
    """With `--verbosity 0`, create and rotate print the secret and nothing else."""

    help = "Make, list, rotate and revoke keys for the API."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=_ACTIONS)
        parser.add_argument("key", nargs="?", default="", help="a name for create, else a prefix")
        parser.add_argument("--operations", nargs="+", default=["events.send"], help="or runs.*")
        parser.add_argument("--events", nargs="+", default=["*"], help="that it may send: shop/*")
        parser.add_argument("--tenant", default="", help="the only one that it sees and sends for")
        parser.add_argument("--rate", type=int, help="requests a minute")
        parser.add_argument("--days", type=_up_to(MOST_DAYS), help="until it expires")
        parser.add_argument("--signs", action="store_true", help="requests are signed with it")
        hours = _up_to(MOST_HOURS)
        parser.add_argument(
            "--overlap", type=hours, default=24.0, help="hours it goes on when it is rotated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        try:
            getattr(self, f"_{options['action']}")(options)
        except KeyInvalidError as error:
            raise CommandError(str(error)) from error

    def _create(self, options: Any) -> None:
        days = options["days"]
        rights = Rights(
            name=options["key"],
            operations=options["operations"],
            events=options["events"],
            tenant=options["tenant"],
            rate=options["rate"],
            expires=None if days is None else clock.now() + timedelta(days=days),
        )
        made = make(get_store(), commander(), rights.key(), signs=options["signs"])
        self._show(made, options["verbosity"])

    def _list(self, options: Any) -> None:
        for key in Key.objects.using(get_store().alias).order_by("pk"):
            self.stdout.write(f"{key.prefix}  {_state(key):<8} {key.name}  {_rights(key)}")

    def _rotate(self, options: Any) -> None:
        overlap = timedelta(hours=options["overlap"])
        key = _found(options["key"])
        made = rotate(get_store(), commander(), key, overlap)
        self._show(made, options["verbosity"])
        if options["verbosity"]:
            self.stdout.write(f"{key.prefix} goes on until {key.expires:%Y-%m-%d %H:%M:%S %Z}.")

    def _revoke(self, options: Any) -> None:
        key = _found(options["key"])
        is_done = revoke(get_store(), commander(), key)
        if options["verbosity"]:
            self.stdout.write(f"{key.prefix} {'is' if is_done else 'was'} revoked")

    def _show(self, made: Made, verbosity: int) -> None:
        if verbosity == 0:
            self.stdout.write(made.secret)
            return
        what = "signs with" if made.key.is_signing else "is"
        self.stdout.write(f"key {made.key.prefix} {what} {made.secret}")
        self.stdout.write("Keep it: it cannot be shown again.")


def _up_to(most: int) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = -1.0
        if not 0 <= found <= most:
            raise ArgumentTypeError(f"it must be a number from 0 to {most:,}, not {text!r}")
        return found

    return number


def _found(prefix: str) -> Key:
    key = Key.objects.using(get_store().alias).filter(prefix=prefix).first()
    if key is None:
        raise CommandError(f"No key has the prefix {prefix!r}: `manage.py durable_key list`.")
    return key


def _state(key: Key) -> str:
    if key.revoked is not None:
        return "revoked"
    return "expired" if key.expires is not None and key.expires <= clock.now() else "good"


def _rights(key: Key) -> str:
    said = [f"operations {key.operations.split()}", f"events {key.events.splitlines()}"]
    if key.tenant:
        said.append(f"tenant {key.tenant}")
    if key.rate is not None:
        said.append(f"{key.rate} a minute")
    return ", ".join(said)
