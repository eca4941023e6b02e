"""How many requests a minute a key may make."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from durable.models import Key


class KeyThrottle(SimpleRateThrottle):
    """Counts in Django's cache, so several processes need one they share. Keys without a rate pass."""

    rate = "1/min"  # the key says how many; the framework asks for something here
    scope = "durable"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Say whether the key has a request left in this minute."""
        if not isinstance(request.auth, Key) or request.auth.rate is None:
            return True
        self.num_requests, self.duration = request.auth.rate, 60
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return where the key's requests are counted."""
        return f"durable.key.{request.auth.pk}"
