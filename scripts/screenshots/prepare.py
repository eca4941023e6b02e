"""Makes the database of a picture, and prints the ids of what to look at, as JSON."""

from __future__ import annotations

import json

import django
from django.core.management import call_command

django.setup()

from scripts.screenshots.rows import fill  # noqa: E402  models need the line above

call_command("migrate", verbosity=0)
print(json.dumps(fill()))
