"""From a type to its shape."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from durable.typed.containers import Entries, Items, Places
from durable.typed.pydantic import PydanticShape
from durable.typed.records import DataclassRecord, NamedTupleRecord, Record, TypedDictRecord
from durable.typed.scalars import ANYTHING, SCALARS, Choice, Member
from durable.typed.shape import TEXT, Shape, UnsupportedTypeError
from durable.typed.unions import Either, Optional

_COLLECTIONS = (list, set, frozenset)
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly", "Final")


class Builder:
    """Builds the shape of one type and of those it is made of, each record once: they may be recursive."""

    def __init__(self) -> None:
        self._records: dict[type, Record] = {}
        self._unions: list[Either] = []

    def build(self, hint: Any) -> Shape:
        """Return the shape of a type.

        Raises:
            UnsupportedTypeError: it has none.
        """
        try:
            shape = self._shape(hint)
        except RecursionError:
            raise UnsupportedTypeError(f"{name_of(hint)} never comes to an end.") from None
        for union in self._unions:
            union.check()
        return shape

    def _shape(self, hint: Any) -> Shape:
        hint = _bare(hint)
        if not _is_type(hint):
            raise UnsupportedTypeError(f"{hint!r:.80} is not a type.")
        if is_foreign(hint):
            return PydanticShape(hint, name_of(hint))
        return self._of_class(hint) if isinstance(hint, type) else self._of_form(hint)

    def _of_class(self, kind: type) -> Shape:
        if kind in SCALARS:
            return SCALARS[kind]
        if kind in self._records:
            return self._records[kind]
        if kind in _COLLECTIONS or kind is tuple:
            return Items(kind, ANYTHING)
        if kind is dict:
            return Entries(SCALARS[str], ANYTHING)
        if issubclass(kind, Enum):
            return Member(kind)
        if is_record(kind):
            return self._of_record(kind)
        return PydanticShape(kind, name_of(kind))

    def _of_record(self, kind: Any) -> Shape:
        hints = _hints(kind)
        if is_dataclass(kind):
            record: Record = DataclassRecord(kind)
        elif issubclass(kind, tuple):
            record = NamedTupleRecord(kind)
        else:
            record = TypedDictRecord(kind, hints)
        self._records[kind] = record
        record.fields |= {name: self._shape(hints.get(name, Any)) for name in record.names}
        return record

    def _of_form(self, hint: Any) -> Shape:
        origin, args = get_origin(hint), get_args(hint)
        if isinstance(origin, type) and not args and hint != tuple[()]:
            return self._of_class(origin)
        if origin in (typing.Union, types.UnionType):
            return self._of_union(hint, args)
        if origin is Literal:
            return Choice(args)
        if origin in _COLLECTIONS:
            return Items(origin, self._shape(args[0]))
        if origin is tuple:
            is_long = len(args) == 2 and args[1] is ...
            return Items(tuple, self._shape(args[0])) if is_long else self._of_places(args)
        if origin is dict:
            return Entries(self._of_key(args[0]), self._shape(args[1]))
        return PydanticShape(hint, name_of(hint))

    def _of_places(self, args: tuple[Any, ...]) -> Shape:
        return Places(tuple(self._shape(arg) for arg in args))

    def _of_key(self, hint: Any) -> Shape:
        key = self._shape(hint)
        if key.forms != {TEXT}:
            raise UnsupportedTypeError(
                f"Keys of a dict are text in JSON, so they cannot be {key.name}."
            )
        return key

    def _of_union(self, hint: Any, args: tuple[Any, ...]) -> Shape:
        members = [self._shape(arg) for arg in args if arg is not type(None)]
        if any(member is ANYTHING for member in members):
            return ANYTHING
        if any(isinstance(member, PydanticShape) for member in members):
            return PydanticShape(hint, name_of(hint))
        shape = members[0]
        if len(members) > 1:
            shape = either = Either(members)
            self._unions.append(either)
        return Optional(shape) if type(None) in args else shape


def is_foreign(hint: Any) -> bool:
    """Say whether a type belongs to pydantic, or has told it how it is to be treated."""
    told = [hint, *getattr(hint, "__metadata__", ())]
    return any(
        hasattr(one, "__pydantic_core_schema__")
        or hasattr(one, "__get_pydantic_core_schema__")
        or type(one).__module__.partition(".")[0] in ("pydantic", "annotated_types")
        for one in told
    )


def name_of(hint: Any) -> str:
    """Return a type as people write it."""
    if get_origin(hint) is typing.Annotated:
        return name_of(hint.__origin__)
    if isinstance(hint, type):
        return hint.__name__
    return str(hint).replace("typing.", "")


def _bare(hint: Any) -> Any:
    """Take off what says nothing about the values: Annotated, NewType, aliases, Required, Final."""
    while True:
        origin = get_origin(hint)
        if origin is typing.Annotated and not is_foreign(hint):
            hint = hint.__origin__
        elif getattr(origin, "_name", "") in _QUALIFIERS:
            hint = get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return type(None) if hint is None else hint


def is_record(kind: type) -> bool:
    """Say whether a class has named fields: a dataclass, a NamedTuple, a TypedDict."""
    if is_dataclass(kind):
        return True
    is_named_tuple = issubclass(kind, tuple) and hasattr(kind, "_field_defaults")
    return is_named_tuple or (issubclass(kind, dict) and hasattr(kind, "__required_keys__"))


def _hints(kind: type) -> Mapping[str, Any]:
    """Return the types of a record's fields."""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception as error:
        raise UnsupportedTypeError(
            f"The types of the fields of {kind.__name__} cannot be found: {error}. They must be in its "
            "module, outside of `if TYPE_CHECKING`, before this is called."
        ) from error


def _is_type(hint: Any) -> bool:
    if isinstance(hint, typing.TypeVar | typing.ForwardRef):
        return False
    known = type(hint).__module__ in ("typing", "typing_extensions")
    return isinstance(hint, type) or get_origin(hint) is not None or known
