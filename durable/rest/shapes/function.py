"""Functions, and what may be asked of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from durable.rest.shapes.run import MOST_SECONDS, OutputShape, RunShape
from durable.rest.shapes.strict import Number, Object, Strict, Text


class TriggerShape(serializers.Serializer[Any]):
    """What starts a function: an event or a cron line."""

    event = serializers.CharField(required=False)
    expression = serializers.CharField(required=False)
    cron = serializers.CharField(required=False)


class FunctionShape(serializers.Serializer[Any]):
    """A function that this process knows."""

    id = serializers.CharField()
    name = serializers.CharField()
    triggers = TriggerShape(many=True)
    retries = serializers.IntegerField()


class FunctionListShape(serializers.Serializer[Any]):
    """All functions, by id."""

    results = FunctionShape(many=True)


class InvokeShape(Strict):
    """What to start a function with."""

    data = Object(required=False)  # type: ignore[assignment]  # it is no attribute
    id = Text(
        required=False,
        max_length=128,
        help_text="Starts the function once for each id, however often it is sent.",
    )
    wait = Number(
        required=False,
        min_value=0,
        max_value=MOST_SECONDS,
        default=0.0,
        help_text="Seconds to wait for the end.",
    )


class InvokedShape(serializers.Serializer[Any]):
    """The run that was started, or that had been for the same id; `result` if it has ended."""

    run = RunShape()
    created = serializers.BooleanField()
    result = OutputShape(allow_null=True)
