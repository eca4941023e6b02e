"""How many requests a minute a key may make."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from durable.access.rates import spend
from durable.models import Key
from durable.store import get_store


class KeyThrottle(BaseThrottle):
    """Counts in the database, together with all other processes. Keys without a rate pass."""

    _wait = 0.0  # seconds

    def allow_request(self, request: Request, view: Any) -> bool:
        """Say whether the key has a request left, and take it."""
        if isinstance(request.auth, Key):
            self._wait = spend(get_store(), request.auth)
        return not self._wait

    def wait(self) -> float:
        """Return the seconds until it has one again."""
        return self._wait
