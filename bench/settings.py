"""Settings of the benchmarks: those of the tests, the functions and tasks of this folder, four workers."""

from __future__ import annotations

import logging

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as SITE_APPS
from tests.settings import Q_CLUSTER as TEST_CLUSTER

WORKERS = 4
BIRTHS = ("ready for work", "monitoring", "pushing tasks", "running.")

INSTALLED_APPS = [*SITE_APPS, "bench"]
# A worker that q2 replaced after so many messages could not be seen to grow.
Q_CLUSTER = {**TEST_CLUSTER, "workers": WORKERS, "recycle": 1_000_000}


class OnlyBirths(logging.Filter):
    """Leaves out q2's two lines a task, which would slow down the yardstick."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is a warning, or tells of a new process."""
        text = record.getMessage()
        return record.levelno > logging.INFO or any(word in text for word in BIRTHS)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"births": {"()": OnlyBirths}},
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django-q": {
            "level": "INFO",
            "filters": ["births"],
            "handlers": ["console"],
            "propagate": False,
        }
    },
}
