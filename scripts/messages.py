"""Brings the catalogues of translations up to date: `python -m scripts.messages`. Needs GNU gettext."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from scripts.bootstrap import ROOT

LANGUAGES = ("en", "de")


def main() -> int:
    """Read what is marked in the sources, and compile what is translated."""
    os.chdir(ROOT / "durable")
    wanted = [part for language in LANGUAGES for part in ("-l", language)]
    options = ["--add-location", "file", "--no-wrap", "--no-obsolete"]
    execute_from_command_line(["django-admin", "makemessages", *wanted, *options])
    execute_from_command_line(["django-admin", "compilemessages", *wanted])
    return 0


if __name__ == "__main__":
    sys.exit(main())
