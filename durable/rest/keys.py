"""Keys through the API: made, listed, rotated, revoked."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from durable.engine.keys import described
from durable.models import Key
from durable.rest.base import ViewSet
from durable.store import get_store


class KeyViews(ViewSet):
    """Keys; a key bound to a tenant sees those of its tenant."""

    operations = {"list": "keys.read"}

    def list(self, request: Request) -> Response:
        """Describe all keys, newest first."""
        rows = self.own(Key.objects.using(get_store().alias)).order_by("-pk")
        return Response([{"prefix": key.prefix, **described(key)} for key in rows])
