"""Events, on their way in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.engine.ingest import LONGEST, TENANT


def _text(longest: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"\S", **more}


EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": _text(LONGEST, pattern=r"^(?!durable/|inngest/).*\S"),
        "data": {"type": "object", "default": {}},
        "id": _text(LONGEST, description="With one, the event counts once."),
        "ts": {
            "description": "When it happened: milliseconds since 1970, or text with an offset.",
            "oneOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}],
        },
        "tenant": _text(TENANT),
        "subject": _text(
            200,
            pattern=r"^[a-z0-9_]+\.[a-z0-9_]+:.+",
            description="What it is about: shop.order:7",
        ),
    },
}
ONE_OR_SEVERAL = {
    "application/json": {
        "oneOf": [EVENT, {"type": "array", "items": EVENT, "minItems": 1, "maxItems": 1000}]
    }
}


class AcceptedShape(serializers.Serializer[Any]):
    """An event that is stored."""

    id = serializers.UUIDField()
    duplicate = serializers.BooleanField(help_text="It was sent before; the id is the first one's.")


class SentShape(serializers.Serializer[Any]):
    """Events that are stored, in the order in which they were sent."""

    events = AcceptedShape(many=True)
