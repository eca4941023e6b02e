"""What may be said in the address of a stream."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.rest.shapes.strict import Strict, Text


class StreamQuery(Strict):
    """In place of a header with credentials."""

    ticket = Text(required=False, max_length=300, help_text="From `runs/{id}/ticket/`.")


class TicketShape(serializers.Serializer[Any]):
    """A word for the address of one stream, and for how many seconds it is good."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField()
