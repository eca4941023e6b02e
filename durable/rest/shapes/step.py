"""Steps of a run."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.models import StepStatus
from durable.rest.shapes.run import ErrorShape
from durable.rest.shapes.strict import Anything, Choice, Strict, Time, Whole


class StepShape(serializers.Serializer[Any]):
    """A step. `given` and `output` are there if they were asked for."""

    id = serializers.IntegerField()
    name = serializers.CharField(
        source="title", help_text='"charge", "charge:1" for its second use.'
    )
    kind = serializers.CharField(source="op")
    branch = serializers.CharField(allow_blank=True)
    mode = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(StepStatus.choices)
    attempt = serializers.IntegerField()
    due = Time(source="due_at", allow_null=True)
    planned = Time(allow_null=True, help_text="Null for one that ran in place.")
    started = Time(allow_null=True)
    ended = Time(allow_null=True)
    error = ErrorShape(allow_null=True)
    given = Anything(
        required=False,
        help_text="Its arguments, as a list; null if it had none. An object says why they are not kept.",
    )
    output = Anything(required=False)


class StepPageShape(serializers.Serializer[Any]):
    """Some steps, in the order in which they were recorded; `next` is the `cursor` of the next page."""

    results = StepShape(many=True)
    next = serializers.IntegerField(allow_null=True)


class StepQuery(Strict):
    """Which page, and whether with outputs."""

    cursor = Whole(required=False, min_value=0, max_value=2**63 - 1)
    limit = Whole(required=False, min_value=1, max_value=1000, default=200)
    expand = Choice(
        ["payloads"],
        required=False,
        help_text="`payloads` adds arguments and outputs, for who may read them.",
    )
