"""`manage.py durable_metrics`: what Prometheus would be told."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser
from django.db import connections

from durable import metrics
from durable.management.command import DatabaseCommand
from durable.management.words import write


class Command(DatabaseCommand):
    """For the textfile collector of a node exporter, where no view may be added."""

    help = "Print metrics in the text format of Prometheus."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--database", choices=tuple(connections))

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them."""
        try:
            text = metrics.text(options["database"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        write(self.stdout, [text.decode().rstrip()])
