"""Settings of the clusters and of the API under fire."""

from __future__ import annotations

import faulthandler
import os
import signal

from tests.acceptance.settings import *  # noqa: F403
from tests.acceptance.settings import INSTALLED_APPS as SITE_APPS

SECRET_KEY = os.environ.get("DURABLE_CHAOS_SECRET", "the first key")
SECRET_KEY_FALLBACKS = ["the first key"]
INSTALLED_APPS = [*SITE_APPS, "tests.campaigns.chaos.burning"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.rest.urls"
MAX_CRASHES = 5
DURABLE = {
    "LEASE": 4.0,
    "HEARTBEAT": 1.0,
    "BACKOFF": (0.2,),
    "JITTER": 0,
    "MAX_CRASHES": MAX_CRASHES,
}

faulthandler.register(signal.SIGUSR1, all_threads=True)  # who is stuck is asked where
