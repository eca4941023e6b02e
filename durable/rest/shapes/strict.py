"""Fields that take what their schema says, and nothing that could be made into it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from durable.rest.openapi import of_schema
from durable.rest.problems import Problem

PARAMETERS = "parameters"
FORMAT = "format"  # of the framework's: which renderer answers


class Strict(serializers.Serializer[Any]):
    """What may be sent: a field that is not known is refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values.

        Raises:
            Problem: a field is not known.
        """
        if isinstance(data, Mapping):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                raise Problem(422, "unknown_field", f"The fields that are known are: {known}.")
        return super().to_internal_value(data)


def read(shape: type[Strict], data: Any) -> dict[str, Any]:
    """Return the values of a body, or of the parameters of an address.

    Raises:
        Problem, ValidationError: one of them is missing, wrong or not known.
    """
    are_parameters = isinstance(data, QueryDict)
    if isinstance(data, QueryDict):
        data = _plain(shape, data)
    elif not isinstance(data, Mapping):
        raise Problem(422, "invalid", "The body must be a JSON object.")
    made = shape(data=data, context={PARAMETERS: are_parameters})
    made.is_valid(raise_exception=True)
    return dict(made.validated_data)


def _plain(shape: type[Strict], query: QueryDict) -> dict[str, Any]:
    """Return parameters as JSON has them: what is empty is not left out, what is there twice is a list."""
    lists = {name for name, one in shape().fields.items() if isinstance(one, serializers.ListField)}
    found: dict[str, Any] = {
        name: values if name in lists or len(values) > 1 else values[0]
        for name, values in query.lists()
        if values
    }
    found.pop(FORMAT, None)
    return found


class Text(serializers.CharField):
    """A text; a number is none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(serializers.UUIDField):
    """A text that spells a UUID."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the id."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    """A time that every database can compare."""

    default_error_messages = {"far": "It is before 1970 or after 2200."}

    def to_internal_value(self, value: Any) -> datetime:
        """Return the time."""
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        found: datetime = super().to_internal_value(value)
        if not 1970 <= found.year <= 2200:
            self.fail("far")
        return found.astimezone(UTC)


class Time(serializers.DateTimeField):
    """A time in an answer: in UTC, whatever the site's time zone is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class Whole(serializers.IntegerField):
    """A whole number; in JSON a text is none."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        is_number = isinstance(data, int) and not isinstance(data, bool)
        if not is_number and not _is_parameter(self, data):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A finite number; in JSON a text is none."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        is_number = isinstance(data, int | float) and not isinstance(data, bool)
        if not is_number and not _is_parameter(self, data):
            self.fail("invalid")
        found = super().to_internal_value(data)
        if found != found:
            self.fail("invalid")
        return found


class Choice(serializers.ChoiceField):
    """One of several words; what it is not is not repeated."""

    default_error_messages = {"invalid_choice": "It is none of the words that are known."}


@of_schema({"type": "object", "additionalProperties": {}})
class Object(serializers.DictField):
    """A JSON object of anything."""

    def to_internal_value(self, data: Any) -> Any:
        """Return it as it is: the engine looks at what is in it."""
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


@of_schema({})
class Anything(serializers.JSONField):
    """Any JSON value, null among them."""


def _is_parameter(field: serializers.Field[Any, Any, Any, Any], data: Any) -> bool:
    return isinstance(data, str) and bool(field.context.get(PARAMETERS))
