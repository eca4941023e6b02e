"""What answers look like that tell of a problem (RFC 9457)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.rest.problems import TITLES


class ProblemShape(serializers.Serializer[Any]):
    """A problem. `code` is stable and meant for programs; `errors` and others say more."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(sorted(TITLES))
    detail = serializers.CharField()
