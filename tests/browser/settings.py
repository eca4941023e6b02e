"""Settings of the site and the cluster that the browser looks at: an app more, and quick retries."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as SITE_APPS

DEBUG = True  # so that `runserver` serves the static files
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [*SITE_APPS, "tests.browser.site"]
DURABLE = {"BACKOFF": (4.0,), "JITTER": 0}
