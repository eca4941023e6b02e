"""Settings of the clusters under fire."""

from __future__ import annotations

from tests.acceptance.settings import *  # noqa: F403
from tests.acceptance.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "tests.campaigns.chaos.burning"]
DURABLE = {"LEASE": 4.0, "HEARTBEAT": 1.0, "BACKOFF": (0.2,), "JITTER": 0}
