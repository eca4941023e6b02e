"""What drf-spectacular cannot know of the API."""

from __future__ import annotations

from typing import Any

EVENT = "01a1fe4e-27a9-7c02-9a44-6d0f3c2b1e10"
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}}


def tighten(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say of bodies that are sent that they are read strictly, and which fields need each other."""
    shapes = result["components"]["schemas"]
    for name, shape in shapes.items():
        if name.endswith("Request") and shape.get("type") == "object":
            shape["additionalProperties"] = False
    if bulk := shapes.get("BulkShapeRequest"):
        filters = sorted(set(bulk["properties"]) - {"limit"})
        bulk["anyOf"] = [{"required": [name]} for name in filters]
        bulk["dependentRequired"] = {"key": ["name"]}
    return result


def add_webhooks(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the address that is no view of the framework's."""
    refusals = {
        400: "The body cannot be read.",
        401: "The signature is missing, wrong or too old.",
        404: "There is no such source.",
        413: "The body is too large.",
        415: "The body is neither JSON nor a form.",
        422: "The body says too little, or what cannot be stored.",
        503: "The source is not configured.",
    }
    taken = {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}},
            "challenge": {"type": "string"},
        },
    }
    name = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,100}$"}
    result["paths"]["/hooks/{source}/"] = {
        "post": {
            "operationId": "take_a_webhook",
            "summary": "Take a webhook",
            "description": "A delivery of a source named in `DURABLE['WEBHOOKS']`, signed its way. "
            "200 when its events are committed.",
            "tags": ["hooks"],
            "security": [{}],
            "parameters": [{"in": "path", "name": "source", "schema": name, "required": True}],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
            "responses": {
                "200": {
                    "description": "Done.",
                    "content": {"application/json": {"schema": taken, "example": {"ids": [EVENT]}}},
                },
                **{
                    str(status): {"description": said, "content": _PROBLEM}
                    for status, said in refusals.items()
                },
            },
        }
    }
    return result
