"""Fields that take what their schema says, and nothing that could be made into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from durable.rest.problems import Problem

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
    if isinstance(data, QueryDict):
        data = _plain(shape, data)
    elif not isinstance(data, Mapping):
        raise Problem(422, "invalid", "The body must be a JSON object.")
    made = shape(data=data)
    made.is_valid(raise_exception=True)
    return dict(made.validated_data)


def _plain(shape: type[Strict], query: QueryDict) -> dict[str, Any]:
    """Return parameters as JSON has them: what is empty is not the same as what is left out."""
    lists = {name for name, one in shape().fields.items() if isinstance(one, serializers.ListField)}
    found = {name: query.getlist(name) if name in lists else query[name] for name in query}
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


class Choice(serializers.ChoiceField):
    """One of several words; what it is not is not repeated."""

    default_error_messages = {"invalid_choice": "It is none of the words that are known."}


class Object(serializers.DictField):
    """A JSON object of anything."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.JSONField(allow_null=True), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return it as it is: the engine looks at what is in it."""
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


class Anything(serializers.JSONField):
    """Any JSON value, null among them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)
