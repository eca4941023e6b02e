"""Settings of the clusters that run scenarios: those of the acceptance tests, with the scenarios as an app."""

from __future__ import annotations

from tests.acceptance.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as SITE_APPS

INSTALLED_APPS = [*SITE_APPS, "tests.scenarios"]
