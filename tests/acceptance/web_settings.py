"""Settings of a web process under test: a site with the API."""

from __future__ import annotations

from tests.acceptance.settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.rest.urls"
