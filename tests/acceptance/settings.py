"""Settings of the clusters under test: those of the tests, an app more, and short leases."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "tests.acceptance.site"]
DURABLE = {"LEASE": 4.0, "HEARTBEAT": 1.0}
