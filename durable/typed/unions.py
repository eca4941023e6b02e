"""Shapes of values that are of one type or another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from durable.typed.records import Record
from durable.typed.scalars import Float
from durable.typed.shape import Misfit, Shape, UnsupportedTypeError, misfit


class Optional(Shape):
    """`T | None`."""

    def __init__(self, inner: Shape) -> None:
        self.inner = inner
        self.name = f"{inner.name} | None"
        self.forms = inner.forms | {"null"}
        self.is_plain = inner.is_plain

    def dump(self, value: Any) -> Any:
        """Return nothing for nothing."""
        return None if value is None else self.inner.dump(value)

    def load(self, plain: Any) -> Any:
        """Return nothing for nothing."""
        return None if plain is None else self.inner.load(plain)


class Either(Shape):
    """One of several shapes, each told from the others by what is stored."""

    def __init__(self, members: list[Shape]) -> None:
        self.members = sorted(members, key=lambda shape: isinstance(shape, Float))  # ints stay ints
        self.name = " | ".join(shape.name for shape in members)
        self.forms = frozenset[str]().union(*(shape.forms for shape in members))
        self.is_plain = all(shape.is_plain for shape in members)

    def check(self) -> None:
        """Raise if what is stored would not tell which of them it was; all fields are known by now."""
        for one, other in combinations(self.members, 2):
            is_clear = one.forms.isdisjoint(other.forms) or (one.is_plain and other.is_plain)
            if isinstance(one, Record) and isinstance(other, Record):
                is_clear = one.is_told_from(other)
            if not is_clear:
                raise UnsupportedTypeError(
                    f"{one.name} and {other.name} look alike in JSON, so a value of {self.name} could "
                    "come back as the other. Use one type, or dataclasses with a field like "
                    "kind: Literal[…] that tells them apart."
                )

    def dump(self, value: Any) -> Any:
        """Return the JSON of the first that it is of."""
        return self._fits("dump", value)[0][1]

    def load(self, plain: Any) -> Any:
        """Return the value of the one that fits; of several records, of that with these very fields."""
        fits = self._fits("load", plain)
        if len(fits) > 1 and isinstance(fits[0][0], Record):
            exact = [one for one in fits if _fields(one[0]) == plain.keys()]
            if len(exact) != 1:
                names = " and ".join(shape.name for shape, _ in fits)
                raise Misfit(f"an object that may be {names}")
            fits = exact
        return fits[0][1]

    def _fits(self, verb: str, value: Any) -> list[tuple[Shape, Any]]:
        """Return what each shape makes of it that it fits; a misfit names the part that was wrong."""
        fits: list[tuple[Shape, Any]] = []
        nearest: Misfit | None = None
        for shape in self.members:
            try:
                fits.append((shape, getattr(shape, verb)(value)))
            except Misfit as found:
                nearest = found if found.path else nearest
        if not fits:
            raise nearest or misfit(value, self.name)
        return fits


def _fields(shape: Shape) -> Any:
    return shape.fields.keys() if isinstance(shape, Record) else None
