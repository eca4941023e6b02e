"""Events as the clients of Inngest send them, and what they are answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 256},
        "data": {"type": ["object", "null"]},
        "id": {"type": ["string", "null"], "maxLength": 256},
        "ts": {"type": ["integer", "null"], "description": "Milliseconds since 1970."},
    },
}
INNGEST_EVENTS = {
    "application/json": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT, "maxItems": 5000}]}
}


class IdsShape(serializers.Serializer[Any]):
    """The ids of the events that were taken; with an error, those before the first that was not."""

    ids = serializers.ListField(child=serializers.CharField(allow_blank=True))
    status = serializers.IntegerField()
    error = serializers.CharField(required=False)
