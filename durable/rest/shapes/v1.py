"""Runs as Inngest's REST API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.rest.shapes.strict import Anything, Moment, Strict, Text, Time


class V1MetadataShape(serializers.Serializer[Any]):
    """When it was read; nothing is cached."""

    fetched_at = Time()
    cached_until = Time(allow_null=True)


class V1RunShape(serializers.Serializer[Any]):
    """A run. `output` is there for who may read payloads, when the run has ended."""

    run_id = serializers.UUIDField()
    run_started_at = Time()
    function_id = serializers.CharField()
    function_version = serializers.IntegerField()
    environment_id = serializers.UUIDField()
    event_id = serializers.UUIDField(allow_null=True)
    original_run_id = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(["Scheduled", "Running", "Completed", "Failed", "Cancelled"])
    ended_at = Time(allow_null=True)
    output = Anything(required=False)


class V1RunAnswerShape(serializers.Serializer[Any]):
    """One run."""

    data = V1RunShape()  # type: ignore[assignment]  # it is no attribute
    metadata = V1MetadataShape()


class V1RunsAnswerShape(serializers.Serializer[Any]):
    """The runs of an event."""

    data = V1RunShape(many=True)  # type: ignore[assignment]  # it is no attribute
    metadata = V1MetadataShape()


class V1CancellationRequest(Strict):
    """Runs of a function that were created within a time."""

    app_id = Text(max_length=200)
    function_id = Text(max_length=200)
    started_after = Moment(required=False)
    started_before = Moment()


class V1CancellationShape(serializers.Serializer[Any]):
    """What was cancelled."""

    id = serializers.UUIDField()
    environment_id = serializers.UUIDField()
    function_id = serializers.CharField()
    started_after = Time(allow_null=True)
    started_before = Time()
    cancelled = serializers.IntegerField()


class V1CancellationAnswerShape(serializers.Serializer[Any]):
    """A cancellation that has been carried out."""

    data = V1CancellationShape()  # type: ignore[assignment]  # it is no attribute
    metadata = V1MetadataShape()
