"""Makes the database of a picture, and prints the id of the run to look at."""

from __future__ import annotations

import django
from django.core.management import call_command

django.setup()

from scripts.screenshots.rows import fill  # noqa: E402  models need the line above

call_command("migrate", verbosity=0)
print(fill().pk)
