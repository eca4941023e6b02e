"""What every shape can do: turn values of one type into plain JSON, and build them again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

NULL, BOOL, NUMBER, TEXT, LIST, OBJECT = "null", "bool", "number", "text", "list", "object"
ANY_FORM = frozenset({NULL, BOOL, NUMBER, TEXT, LIST, OBJECT})


class Misfit(Exception):  # noqa: N818 - not an error yet: another shape may fit
    """A value is not of the shape. `found` says what it is, `path` where, below the value asked for."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found
        self.path = ""

    def below(self, part: str) -> Misfit:
        """Say that it was met in a part of something larger."""
        self.path = part + self.path
        return self


class UnsupportedTypeError(Exception):
    """A type has no shape. The message says which, and what to do."""


class Shape(ABC):
    """Values of one type. `name` is how people call it.

    `forms` are the kinds of JSON it may be stored as. A plain shape stores values as what they are, so
    that it does not matter which of two plain ones reads them back.
    """

    name: str
    forms: frozenset[str] = ANY_FORM
    is_plain = False

    @abstractmethod
    def dump(self, value: Any) -> Any:
        """Return the plain JSON of a value; raise Misfit if it is none of the type's."""

    @abstractmethod
    def load(self, plain: Any) -> Any:
        """Return the value; raise Misfit if that cannot be built."""


def misfit(value: Any, wanted: str) -> Misfit:
    """Say that something else was wanted."""
    return Misfit(f"{_describe(value)}, not {wanted}")


def convert_each(convert: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    """Convert the items of a list; a misfit says which it was."""
    done: list[Any] = []
    try:
        for value in values:
            done.append(convert(value))
    except Misfit as found:
        found.below(f"[{len(done)}]")
        raise
    return done


def build(make: Callable[[], Any], wanted: str) -> Any:
    """Run code of a type's own; raise Misfit whatever it raises."""
    try:
        return make()
    except Misfit:
        raise
    except RecursionError:
        raise Misfit("nested too deep, or it holds itself") from None
    except Exception as error:
        raise Misfit(f"{wanted} refused it: {_message(error)}") from error


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    shown = ""
    if type(value) in (str, int, float, bool):
        with suppress(ValueError):  # an integer of very many digits
            shown = f" {value!r:.60}"
    return f"{type(value).__name__}{shown}"


def _message(error: Exception) -> str:
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:  # noqa: BLE001 - its own fault
        return name
