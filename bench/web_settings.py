"""Settings of the web processes under measurement: connections are kept, as the docs advise."""

from __future__ import annotations

from bench.settings import *  # noqa: F403
from bench.settings import DATABASES as SITE_DATABASES

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.rest.urls"
DATABASES = {
    alias: {**entry, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    for alias, entry in SITE_DATABASES.items()
}
