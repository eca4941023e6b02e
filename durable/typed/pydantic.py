"""What pydantic knows, where it is installed: the only file that asks for it."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from durable.typed.shape import Misfit, Shape, UnsupportedTypeError

INSTALL = "pip install django-durable-workflows[pydantic]"


class PydanticShape(Shape):
    """A pydantic model, or any type of which pydantic can make a `TypeAdapter`.

    Fields are stored under their own names, not their aliases. Values are checked strictly, so text is
    no number; stored JSON is read as leniently as the model allows.
    """

    def __init__(self, hint: Any, name: str) -> None:
        self.name = name
        self._adapter = _adapter(hint, name)

    def dump(self, value: Any) -> Any:
        """Return the JSON that pydantic makes of it."""
        return self._call(self._dump, value)

    def load(self, plain: Any) -> Any:
        """Return what pydantic builds of it."""
        text = json.dumps(plain)  # as JSON also strict models take text for a datetime
        return self._call(
            lambda text: self._adapter.validate_json(text, by_alias=False, by_name=True), text
        )

    def _dump(self, value: Any) -> Any:
        value = self._adapter.validate_python(value, strict=True, by_alias=False, by_name=True)
        return self._adapter.dump_python(
            value, mode="json", by_alias=False, round_trip=True, warnings="error"
        )

    def _call(self, convert: Any, value: Any) -> Any:
        try:
            return convert(value)
        except Exception as error:
            raise _misfit(error, self.name) from error


def _adapter(hint: Any, name: str) -> Any:
    try:
        pydantic: Any = import_module("pydantic")
    except ImportError:
        raise _unsupported(name, f"For types that pydantic knows: {INSTALL}") from None
    try:
        return pydantic.TypeAdapter(hint)
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")
        raise _unsupported(name, f"Pydantic says: {reason}") from error


def _unsupported(name: str, more: str) -> UnsupportedTypeError:
    return UnsupportedTypeError(
        f"{name} is not a type that durable can store. Use a dataclass of plain values, or store what "
        f"finds it again, a primary key for example. {more}"
    )


def _misfit(error: Exception, name: str) -> Misfit:
    """Say what pydantic complains of first, and where."""
    complaints = error.errors() if hasattr(error, "errors") else []
    if not complaints:
        reason = " ".join(str(error).split())
        return Misfit(f"{name} refused it: {type(error).__name__}: {reason}")
    first = complaints[0]
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]]
    return Misfit(first["msg"]).below("".join(parts))
