"""Shapes with named fields: dataclasses, NamedTuples, TypedDicts. All are stored as objects."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, get_origin

from durable.typed.scalars import Choice
from durable.typed.shape import OBJECT, Misfit, Shape, UnsupportedTypeError, build, misfit


class Record(Shape):
    """Named fields, each with a shape.

    What is stored may lack fields that have a default, and have fields that are gone: the type may grow
    and shrink while runs are in flight.
    """

    forms = frozenset({OBJECT})

    def __init__(self, kind: Any, names: Iterable[str], required: Iterable[str]) -> None:
        self.kind = kind
        self.name: str = kind.__name__
        self.names = tuple(names)
        self.required = frozenset(required)
        self.fields: dict[str, Shape] = {}  # filled in when all are known: they may lead back here

    def _values(self, value: Any) -> Mapping[str, Any]:
        """Return the values of its fields, or raise Misfit."""
        raise NotImplementedError

    def _make(self, values: dict[str, Any]) -> Any:
        """Return the value that has these."""
        raise NotImplementedError

    def dump(self, value: Any) -> dict[str, Any]:
        """Return its fields."""
        return self._convert("dump", self._values(value))

    def load(self, plain: Any) -> Any:
        """Build it of its fields."""
        if not isinstance(plain, dict):
            raise misfit(plain, self.name)
        values = self._convert("load", plain)
        for name in self.required:
            if name not in values:
                raise Misfit("nothing, and the field has no default").below(f".{name}")
        return build(lambda: self._make(values), self.name)

    def is_told_from(self, other: Record) -> bool:
        """Say whether what is stored shows which of the two it was."""
        if set(self.fields) != set(other.fields):
            return True
        pairs = ((shape, other.fields[name]) for name, shape in self.fields.items())
        return any(
            isinstance(mine, Choice)
            and isinstance(theirs, Choice)
            and mine.choices.isdisjoint(theirs.choices)
            for mine, theirs in pairs
        )

    def _convert(self, verb: str, values: Mapping[str, Any]) -> dict[str, Any]:
        done = {}
        for name, shape in self.fields.items():
            if name not in values:
                continue
            try:
                done[name] = getattr(shape, verb)(values[name])
            except Misfit as found:
                found.below(f".{name}")
                raise
        return done


class DataclassRecord(Record):
    """An instance of a dataclass, and not of a subclass: that would come back as less than it was."""

    def __init__(self, kind: Any) -> None:
        no_default = (f.name for f in fields(kind) if f.default is f.default_factory is MISSING)
        super().__init__(kind, (field.name for field in fields(kind)), no_default)
        self._late = [field.name for field in fields(kind) if not field.init]
        if unknown := _arguments(kind) - {field.name for field in fields(kind)}:
            raise UnsupportedTypeError(
                f"The dataclass {self.name} cannot be built again: it wants {min(unknown)!r}, which is "
                "not a field."
            )

    def _values(self, value: Any) -> Mapping[str, Any]:
        if type(value) is not self.kind:
            raise misfit(value, self.name)
        try:
            return {name: getattr(value, name) for name in self.fields}
        except AttributeError as error:
            raise Misfit(f"a field without a value ({error})") from None

    def _make(self, values: dict[str, Any]) -> Any:
        late = {name: values.pop(name) for name in self._late if name in values}
        made = self.kind(**values)
        for name, value in late.items():
            object.__setattr__(made, name, value)  # it may be frozen
        return made


class NamedTupleRecord(Record):
    """A NamedTuple, by the names of its fields."""

    def __init__(self, kind: Any) -> None:
        super().__init__(kind, kind._fields, set(kind._fields) - set(kind._field_defaults))

    def _values(self, value: Any) -> Mapping[str, Any]:
        if type(value) is not self.kind:
            raise misfit(value, self.name)
        values: dict[str, Any] = value._asdict()
        return values

    def _make(self, values: dict[str, Any]) -> Any:
        return self.kind(**values)


class TypedDictRecord(Record):
    """A dict with the keys of a TypedDict, and no others: they would be lost."""

    def __init__(self, kind: Any, hints: Mapping[str, Any]) -> None:
        super().__init__(kind, hints, (name for name in hints if _is_required(kind, hints, name)))

    def _values(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise misfit(value, self.name)
        for name in value:
            if name not in self.fields:
                raise Misfit(f"a key {name!r:.60}, which {self.name} does not have")
        for name in self.required:
            if name not in value:
                raise Misfit(f"no key {name!r}, which {self.name} must have")
        return value

    def _make(self, values: dict[str, Any]) -> Any:
        return values


def _arguments(kind: type) -> set[str]:
    """Name what a class must be given."""
    parameters = inspect.signature(kind).parameters.values()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name for p in parameters if p.default is p.empty and p.kind not in variable}


def _is_required(kind: Any, hints: Mapping[str, Any], name: str) -> bool:
    """Say whether a TypedDict must have a key; it does not see for itself what is written as text."""
    said = getattr(get_origin(hints[name]), "_name", "")
    return said == "Required" or (said != "NotRequired" and name in kind.__required_keys__)
