"""The same, with a queue that loses patience long before a rendition is ready."""

from __future__ import annotations

from tests.scenarios.settings import *  # noqa: F403
from tests.settings import Q_CLUSTER as SITE_CLUSTER

Q_CLUSTER = {**SITE_CLUSTER, "timeout": 2, "retry": 3}
