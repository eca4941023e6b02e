"""Settings of the clusters under test: as the docs advise, an app more, and short leases."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES as SITE_DATABASES
from tests.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "tests.acceptance.site"]
DATABASES = {
    alias: {**entry, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    for alias, entry in SITE_DATABASES.items()
}
DURABLE = {"LEASE": 4.0, "HEARTBEAT": 1.0, "BACKOFF": (0.2,)}
