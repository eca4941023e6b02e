"""Runs, and what may be asked of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.models import RunStatus
from durable.rest.shapes.strict import (
    Anything,
    Choice,
    Id,
    Moment,
    Number,
    Object,
    Strict,
    Text,
    Time,
    Whole,
)

MOST_SECONDS = 30  # for which an answer waits for the end of a run


class RunShape(serializers.Serializer[Any]):
    """A run without its payloads."""

    id = serializers.UUIDField()
    function = serializers.CharField()
    status = serializers.ChoiceField(RunStatus.choices)
    event = serializers.UUIDField(source="event_id", allow_null=True)
    tenant = serializers.CharField(allow_blank=True)
    subject = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it is not moving.")
    created = Time()
    started = Time(allow_null=True)
    ended = Time(allow_null=True)
    parent = serializers.UUIDField(  # type: ignore[assignment]  # it is no attribute
        source="parent_id",
        allow_null=True,
        help_text="The run that invoked it, or whose step it is.",
    )
    step = serializers.CharField(
        allow_blank=True, help_text="With fan-out: the step of its parent that the run does."
    )
    replay_of = serializers.UUIDField(allow_null=True, help_text="The run that it repeats.")


class ErrorShape(serializers.Serializer[Any]):
    """An error; its message and stack are for who may read payloads."""

    code = serializers.CharField()
    name = serializers.CharField()
    message = serializers.CharField(allow_null=True, allow_blank=True)
    stack = serializers.CharField(allow_null=True, allow_blank=True)


class RunDetailShape(RunShape):
    """A run, how far it is, and what it failed with."""

    steps = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many, by status."
    )
    due = Time(source="due_at", allow_null=True, help_text="When a worker may take it.")
    attempt = serializers.IntegerField(help_text="Of the code between two steps, from 0.")
    version = serializers.CharField(
        allow_blank=True, help_text="Of the function, when the run started."
    )
    error = ErrorShape(allow_null=True)


class RunPageShape(serializers.Serializer[Any]):
    """Some runs, newest first; `next` is the `cursor` of the page behind, null on the last."""

    results = RunShape(many=True)
    next = serializers.UUIDField(allow_null=True)


class OutputShape(serializers.Serializer[Any]):
    """What a run returned, or what it failed with; null while it has not ended."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(RunStatus.choices)
    output = Anything()
    error = ErrorShape(allow_null=True)


class RunFilter(Strict):
    """Which runs."""

    function = Text(required=False, max_length=200)
    status = serializers.ListField(child=Choice(RunStatus.choices), required=False, max_length=6)
    created_after = Moment(required=False, help_text="At this time or later.")
    created_before = Moment(required=False, help_text="Earlier than this.")
    event = Id(required=False, help_text="The event that started it.")
    name = Text(required=False, max_length=256, help_text="The name of the event that started it.")
    key = Text(
        required=False,
        max_length=256,
        help_text="The id that the sender gave to the event; together with `name`.",
    )
    tenant = Text(required=False, max_length=128, allow_blank=True)
    subject = Text(required=False, max_length=200, help_text="`shop.order:7`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """See that the sender's id comes with the name it is unique for."""
        if "key" in attrs and "name" not in attrs:
            raise serializers.ValidationError({"name": ["It is needed together with key."]})
        return attrs


class PageQuery(Strict):
    """Which page."""

    cursor = Id(required=False, help_text="`next` of the page before.")
    limit = Whole(required=False, min_value=1, max_value=200, default=50)


class RunQuery(RunFilter, PageQuery):
    """Which runs, and which page of them."""


class OutputQuery(Strict):
    """How long to wait for the end."""

    wait = Number(
        required=False, min_value=0, max_value=MOST_SECONDS, default=0.0, help_text="Seconds."
    )


class ReplayShape(Strict):
    """How to repeat a run."""

    from_step = Text(
        required=False, max_length=300, help_text="What was done before this step is copied."
    )
    input = Object(required=False, help_text="Other data for the event.")


class SignalShape(Strict):
    """An event for one waiting step."""

    step = Text(max_length=300, help_text="The id of the step that waits.")
    data = Object(required=False, default=dict)  # type: ignore[assignment]  # it is no attribute
    name = Text(
        required=False, max_length=256, help_text="Of the event; the awaited one, if left out."
    )


class SignalledShape(serializers.Serializer[Any]):
    """The event that the step was given."""

    event = serializers.UUIDField()


class BulkShape(RunFilter):
    """Which runs to cancel. At least one of the filters is needed."""

    limit = Whole(required=False, min_value=1, max_value=500, default=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """See that somebody said which."""
        if set(attrs) <= {"limit"}:
            raise serializers.ValidationError("Say which runs: at least one filter is needed.")
        return super().validate(attrs)


class CancelledShape(serializers.Serializer[Any]):
    """Runs that were cancelled, and whether there may be more: then ask again."""

    cancelled = serializers.ListField(child=serializers.UUIDField())
    more = serializers.BooleanField()
