"""`manage.py durable_worker`."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from durable.checks.site import CLUSTER_ADVICE, NO_CLUSTER, has_cluster
from durable.q2 import cluster, options
from durable.worker.supervisor import Supervisor

EXIT_CODES = """\
exit codes:
  0   stopped as asked; running steps were finished
  1   not started: the configuration or the database's tables are not right, or three clusters in
      a row did not start
  2   not started: the command line is not right
  3   stopped as asked, but only by force: the grace period ended or a second signal came;
      steps that were cut off are done again by another worker
"""


class Command(BaseCommand):
    """Runs a django-q2 cluster that survives its own accidents."""

    help = (
        "Run workflows, and the site's other django-q2 tasks. SIGTERM and Ctrl-C let running steps end."
        " A cluster that dies or freezes is replaced."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the exit codes."""
        kwargs |= {"epilog": EXIT_CODES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--workers", type=_natural, metavar="N", help="worker processes")
        parser.add_argument("--name", help="the cluster to run, of those Q_CLUSTER configures")
        parser.add_argument(
            "--grace",
            type=_seconds,
            default=30.0,
            help="seconds running steps may take to end (30)",
        )
        parser.add_argument(
            "--patience",
            type=_seconds,
            default=10.0,
            help="seconds of silence after which the cluster counts as frozen (10)",
        )

    def handle(self, *args: Any, **given: Any) -> None:
        """Supervise until asked to stop."""
        name, workers = given["name"], given["workers"]
        if not has_cluster():
            raise CommandError(f"{NO_CLUSTER} {CLUSTER_ADVICE}")
        try:
            configured = cluster.configured(settings.Q_CLUSTER, name, workers)
        except LookupError as error:
            raise CommandError(str(error.args[0])) from None
        code = Supervisor(
            arguments=_arguments(name, workers, given),
            workers=workers or _workers(configured),
            grace=given["grace"],
            patience=given["patience"],
            say=self._say,
        ).run()
        if code:
            raise SystemExit(code)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _arguments(name: str | None, workers: int | None, given: dict[str, Any]) -> list[str]:
    passed = {
        "--name": name,
        "--workers": workers,
        "--grace": given["grace"],
        "--verbosity": given["verbosity"],
    }
    pairs = [(key, str(value)) for key, value in passed.items() if value is not None]
    return [part for pair in pairs for part in pair]


def _workers(configured: dict[str, Any]) -> int:
    return int(configured.get("workers") or options.workers())


def _natural(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError
    return seconds
