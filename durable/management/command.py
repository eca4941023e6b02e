"""What commands share that ask the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError


class DatabaseCommand(BaseCommand):
    """Where the database cannot be asked, as before `migrate`, a sentence says so; `--traceback` says more."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Do what Django does.

        Raises:
            CommandError: besides those of the command, that the database cannot be asked.
        """
        try:
            return super().execute(*args, **options)
        except (OperationalError, ProgrammingError) as error:
            text = " ".join(str(error).split())
            raise CommandError(
                f"The database cannot be asked: {text}. If tables or columns are missing, run "
                "`manage.py migrate`."
            ) from error
