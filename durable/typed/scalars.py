"""Shapes of single values: those JSON has, and those it stores as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from durable.typed.duration import duration_of, duration_text
from durable.typed.shape import (
    ANY_FORM,
    BOOL,
    NULL,
    NUMBER,
    TEXT,
    Misfit,
    Shape,
    UnsupportedTypeError,
    build,
    misfit,
)

_FORMS: Mapping[type, str] = {
    type(None): NULL,
    bool: BOOL,
    int: NUMBER,
    float: NUMBER,
    str: TEXT,
}


class Anything(Shape):
    """`Any` and `object`: plain JSON, as it is."""

    name = "Any"
    forms = ANY_FORM
    is_plain = True

    def dump(self, value: Any) -> Any:
        """Pass it on; what is not JSON is refused when it is encoded."""
        return value

    def load(self, plain: Any) -> Any:
        """Return it."""
        return plain


class Scalar(Shape):
    """A value that JSON has: text, a whole number, a truth value, nothing."""

    is_plain = True

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.name = "None" if kind is type(None) else kind.__name__
        self.forms = frozenset({_FORMS[kind]})

    def dump(self, value: Any) -> Any:
        """Return it; a bool is no int here."""
        if isinstance(value, self.kind) and (self.kind is bool or not isinstance(value, bool)):
            return value
        raise misfit(value, self.name)

    def load(self, plain: Any) -> Any:
        """Return it, checked in the same way."""
        return self.dump(plain)


class Float(Shape):
    """A number; a whole one becomes a float, if that holds it."""

    name = "float"
    forms = frozenset({NUMBER})
    is_plain = True

    def dump(self, value: Any) -> float:
        """Return it as a float."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise misfit(value, self.name)
        number: float = build(lambda: float(value), self.name)
        if isinstance(value, int) and number != value:
            raise Misfit("int too large for a float")
        return number

    def load(self, plain: Any) -> float:
        """Return it as a float; it may be a whole number since the type was another."""
        return self.dump(plain)


class Choice(Shape):
    """`Literal`: one of a few plain values."""

    is_plain = True

    def __init__(self, choices: tuple[Any, ...]) -> None:
        if wrong := [choice for choice in choices if type(choice) not in _FORMS]:
            raise UnsupportedTypeError(f"Literal[{wrong[0]!r}] is not a plain value.")
        self.choices = {(type(choice), choice) for choice in choices}
        self.name = f"Literal[{', '.join(map(repr, choices))}]"
        self.forms = frozenset(_FORMS[type(choice)] for choice in choices)

    def dump(self, value: Any) -> Any:
        """Return it."""
        if type(value) in _FORMS and (type(value), value) in self.choices:
            return value
        raise misfit(value, self.name)

    def load(self, plain: Any) -> Any:
        """Return it, checked in the same way."""
        return self.dump(plain)


class Member(Shape):
    """A member of an Enum, stored as its value."""

    def __init__(self, kind: type[Enum]) -> None:
        self.kind = kind
        self.name = kind.__name__
        for member in kind:
            if not isinstance(member.value, str | int | float | None):
                raise UnsupportedTypeError(
                    f"The Enum {self.name} has the value {member.value!r:.80}, which JSON does not have. "
                    "Give its members strings or numbers as values."
                )
        self.forms = frozenset(_form(member.value) for member in kind)

    def dump(self, value: Any) -> Any:
        """Return the member's value."""
        if isinstance(value, self.kind):
            return value.value
        raise misfit(value, self.name)

    def load(self, plain: Any) -> Enum:
        """Return the member."""
        member: Enum = build(lambda: self.kind(plain), self.name)
        if isinstance(member.value, bool) != isinstance(plain, bool):
            raise misfit(plain, self.name)
        return member


def _form(value: Any) -> str:
    return next(form for kind, form in _FORMS.items() if isinstance(value, kind))


class Text(Shape):
    """A value that is stored as text which says the same."""

    forms = frozenset({TEXT})

    def __init__(
        self, kind: type, write: Callable[[Any], str], read: Callable[[str], Any], no: type | None
    ) -> None:
        self.kind = kind
        self.name = kind.__name__
        self._write = write
        self._read = read
        self._no = no  # a subclass that is something else

    def dump(self, value: Any) -> str:
        """Return the text."""
        if not isinstance(value, self.kind) or (self._no and isinstance(value, self._no)):
            raise misfit(value, self.name)
        return self._write(value)

    def load(self, plain: Any) -> Any:
        """Return what the text says."""
        if not isinstance(plain, str):
            raise misfit(plain, self.name)
        try:
            return self._read(plain)
        except (ValueError, ArithmeticError):
            raise misfit(plain, self.name) from None


ANYTHING = Anything()

SCALARS: Mapping[Any, Shape] = {
    Any: ANYTHING,
    object: ANYTHING,
    float: Float(),
    **{kind: Scalar(kind) for kind in (str, int, bool, type(None))},
    datetime: Text(datetime, datetime.isoformat, datetime.fromisoformat, None),
    date: Text(date, date.isoformat, date.fromisoformat, datetime),
    time: Text(time, time.isoformat, time.fromisoformat, None),
    timedelta: Text(timedelta, duration_text, duration_of, None),
    Decimal: Text(Decimal, str, Decimal, None),
    UUID: Text(UUID, str, UUID, None),
}
