"""What the demo stands on: a folder of its own, and a migrated database in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import django
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / "var/demo").resolve()
BOOK = ROOT / "fixtures/texts/vessary_lights.txt"
PAYMENT = ROOT / "fixtures/events/charge_succeeded.json"
LOG = FOLDER / "worker.log"
JOURNAL = FOLDER / "bodies.log"
MAIL = FOLDER / "mail"


def build() -> None:
    """Make the folder afresh, point the site at it, and migrate."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / ".gitignore").write_text("*\n")
    os.chdir(ROOT)
    os.environ["DATABASE_URL"] = database_url()
    os.environ["EMAIL_FILE_PATH"] = str(MAIL)
    os.environ["TEXT_JOURNAL"] = str(JOURNAL)
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    django.setup()
    call_command("migrate", verbosity=0)


def database_url() -> str:
    return os.environ.get("DATABASE_URL") or f"sqlite:///{shown(FOLDER / 'demo.sqlite3')}"


def shown(path: Path) -> str:
    """Return a path as short as one can type it in the checkout."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
