"""The migrations are what the models say."""

from __future__ import annotations

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=3)


@pytest.mark.django_db(transaction=True)
def test_durable_can_be_migrated_away_and_back() -> None:
    call_command("migrate", "durable", "zero", verbosity=0)
    call_command("migrate", "durable", verbosity=0)
