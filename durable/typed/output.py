"""The type of what a step or a function returns."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from durable.errors import OutputMismatchError, OutputUnserializableError
from durable.typed.builder import Builder
from durable.typed.shape import Misfit, Shape, build

MOST_KEPT = 256  # shapes of types, those used last


class OutputType:
    """A type, as what values of it are stored as.

    `OutputType.of(User)` gives the one of a type; it is made once, and kept while it is in use.
    """

    def __init__(self, shape: Shape) -> None:
        self.name = shape.name
        self._shape = shape

    @classmethod
    def of(cls, hint: Any) -> OutputType:
        """Return the one for a type.

        Raises:
            UnsupportedTypeError: values of it cannot be stored; the message says what to do.
        """
        try:
            return _kept(hint)
        except TypeError:  # not hashable
            return cls(Builder().build(hint))

    def dump(self, value: Any, what: str) -> Any:
        """Return plain JSON of a value, out of which it has been built again.

        Args:
            value: of the type.
            what: how an error should call it, `the result of step 'load'` for example.

        Raises:
            OutputUnserializableError: it is not of the type, or does not survive; the message has the path.
        """
        try:
            plain = build(lambda: self._shape.dump(value), self.name)
            build(lambda: self._shape.load(plain), self.name)
        except Misfit as found:
            raise OutputUnserializableError(
                f"{what} cannot be stored as {self.name}: ${found.path}: {found.found}.",
                path=f"${found.path}",
            ) from found
        return plain

    def load(self, plain: Any, what: str) -> Any:
        """Return the value that was stored.

        Args:
            plain: the JSON, decoded.
            what: how an error should call it.

        Raises:
            OutputMismatchError: it does not fit the type; the message has the path.
        """
        try:
            return build(lambda: self._shape.load(plain), self.name)
        except Misfit as found:
            raise OutputMismatchError(
                f"{what} was recorded, but does not fit {self.name} as it is now: ${found.path}: "
                f"{found.found}. Give the type back what it lacks, deploy that, and retry the run.",
                path=f"${found.path}",
            ) from found


@lru_cache(maxsize=MOST_KEPT)
def _kept(hint: Any) -> OutputType:
    return OutputType(Builder().build(hint))
