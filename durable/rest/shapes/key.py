"""What is said about keys."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.rest.shapes.strict import Strict, Text, Time


class RightsShape(Strict):
    """What a key is to be for."""

    name = Text(max_length=100)
    operations = serializers.ListField(child=Text(max_length=100), default=["events.send"])
    events = serializers.ListField(child=Text(max_length=256), default=["*"])
    tenant = Text(max_length=128, default="", allow_blank=True)
    rate = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=999_999)
    expires = Time(default=None, allow_null=True)
    signs = serializers.BooleanField(default=False)


class OverlapShape(Strict):
    """For how many seconds a key goes on beside its successor."""

    overlap = serializers.IntegerField(default=86_400, min_value=0, max_value=31_536_000)


class Lines(serializers.ListField):
    """Text of several lines, shown as a list."""

    child = serializers.CharField()

    def to_representation(self, data: str) -> list[str]:  # type: ignore[override]
        """Return the lines."""
        return data.splitlines()


class KeyQuery(Strict):
    """Which keys are asked for."""

    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)
    cursor = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)


class KeyShape(serializers.Serializer[Any]):
    """A key, without its secret."""

    prefix = serializers.CharField()
    name = serializers.CharField()
    operations = Lines()
    events = Lines()
    tenant = serializers.CharField(allow_blank=True)
    rate = serializers.IntegerField(allow_null=True)
    expires = Time(allow_null=True)
    signs = serializers.BooleanField(source="is_signing")
    created = Time()
    revoked = Time(allow_null=True)
    used = Time(allow_null=True)


class MadeKeyShape(KeyShape):
    """A new key: its secret is shown this once."""

    secret = serializers.CharField()


class KeyListShape(serializers.Serializer[Any]):
    """Keys."""

    results = KeyShape(many=True)
    next = serializers.IntegerField(allow_null=True)
