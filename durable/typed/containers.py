"""Shapes of collections whose items have a shape."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from durable.typed.shape import LIST, OBJECT, Misfit, Shape, build, convert_each, misfit


class Items(Shape):
    """`list[T]`, `tuple[T, ...]`, `set[T]`, `frozenset[T]`: a list of any length."""

    forms = frozenset({LIST})

    def __init__(self, kind: type[Collection[Any]], item: Shape) -> None:
        self.kind: Any = kind
        self.item = item
        rest = ", ..." if kind is tuple else ""
        self.name = f"{kind.__name__}[{item.name}{rest}]"

    def dump(self, value: Any) -> list[Any]:
        """Return a list of its items."""
        if not isinstance(value, self.kind):
            raise misfit(value, self.name)
        return convert_each(self.item.dump, value)

    def load(self, plain: Any) -> Any:
        """Return the items in a collection of their own."""
        if not isinstance(plain, list):
            raise misfit(plain, self.name)
        items = convert_each(self.item.load, plain)
        return items if self.kind is list else build(lambda: self.kind(items), self.name)


class Places(Shape):
    """`tuple[A, B]`: a list in which each place has a shape."""

    forms = frozenset({LIST})

    def __init__(self, places: tuple[Shape, ...]) -> None:
        self.places = places
        self.name = f"tuple[{', '.join(place.name for place in places) or '()'}]"

    def dump(self, value: Any) -> list[Any]:
        """Return a list of its items."""
        if not isinstance(value, tuple):
            raise misfit(value, self.name)
        return self._convert("dump", value)

    def load(self, plain: Any) -> tuple[Any, ...]:
        """Return a tuple."""
        if not isinstance(plain, list):
            raise misfit(plain, self.name)
        return tuple(self._convert("load", plain))

    def _convert(self, verb: str, values: Any) -> list[Any]:
        if len(values) != len(self.places):
            raise Misfit(f"{len(values)} items, where {self.name} has {len(self.places)}")
        verbs = iter([getattr(place, verb) for place in self.places])
        return convert_each(lambda value: next(verbs)(value), values)


class Entries(Shape):
    """`dict[str, T]`; keys may be of any type that is stored as text."""

    forms = frozenset({OBJECT})

    def __init__(self, key: Shape, item: Shape) -> None:
        self.key = key
        self.item = item
        self.name = f"dict[{key.name}, {item.name}]"

    def dump(self, value: Any) -> dict[str, Any]:
        """Return a dict with text as keys."""
        if not isinstance(value, dict):
            raise misfit(value, self.name)
        return self._convert("dump", value)

    def load(self, plain: Any) -> dict[Any, Any]:
        """Return a dict."""
        if not isinstance(plain, dict):
            raise misfit(plain, self.name)
        return self._convert("load", plain)

    def _convert(self, verb: str, entries: dict[Any, Any]) -> dict[Any, Any]:
        convert_key, convert = getattr(self.key, verb), getattr(self.item, verb)
        done = {}
        for key, item in entries.items():
            try:
                name = convert_key(key)
            except Misfit as found:
                raise Misfit(f"a key that is {found.found}") from None
            try:
                done[name] = convert(item)
            except Misfit as found:
                found.below(f".{name}")
                raise
        if len(done) < len(entries):
            raise Misfit("two keys that are the same text")
        return done
