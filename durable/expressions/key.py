"""Keys by which an index finds who waits for an event: a name, a path, and the value that must be there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from durable.expressions.nodes import Path
from durable.expressions.parser import Limits, Parser
from durable.expressions.trouble import Source
from durable.expressions.values import Scope

LONGEST_PATH = 200  # characters; an equation about a longer one is no key, but evaluated
_LIMITS = Limits(length=2_000, depth=1, nodes=1)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Term:
    """What a candidate must have at a path."""

    keys: tuple[str | int, ...]
    value: Any
    is_constant: bool  # the same for all who wait, so a poor key

    @property
    def path(self) -> str:
        """The path in its one spelling: `data.user_id`, `data.items[0]`, `data["a b"]`."""
        return spell(self.keys)


def is_key(value: Any) -> bool:
    """Whether equality with this value can be a key: texts, numbers, true and false."""
    return isinstance(value, str | int | float)


def match_key(name: str, path: str, value: Any, tenant: str = "") -> str:
    """Return the key for events of this name, and of this tenant, with this value at the path."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _digest([name, path, value, *([tenant] if tenant else [])])


def any_key(name: str, tenant: str) -> str:
    """Return the key for all events of a name and a tenant; without a tenant none is needed: ""."""
    return _digest([name, tenant]) if tenant else ""


def keys_of(event: Mapping[str, Any], paths: Iterable[str], tenant: str = "") -> dict[str, str]:
    """Return the key of an event for each path that leads to a text, a number or a bool in it.

    Args:
        event: a dict of name, data, id, ts.
        paths: those by which somebody waits for events of this name; "" for who waits for any.
        tenant: whose it is.
    """
    name, scope = event["name"], Scope({"async": event})
    values = {path: _path(path).value(scope) for path in paths if path}
    found = {path: value for path, value in values.items() if is_key(value)}
    keys = {path: match_key(name, path, value, tenant) for path, value in found.items()}
    return {"": any_key(name, tenant), **keys}


def _digest(parts: list[Any]) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def read_path(text: str, what: str) -> Path:
    """Read a path into an event: `data.user_id`.

    Raises:
        ExpressionInvalidError: it is none.
    """
    return Parser(Source(text, what), ("async",), _LIMITS).path()


@lru_cache(maxsize=4096)
def _path(text: str) -> Path:
    return read_path(text, "path")


def spell(keys: Iterable[str | int]) -> str:
    """Return the text of a path."""
    text = "".join(_step(key) for key in keys)
    return text.removeprefix(".")


def _step(key: str | int) -> str:
    if isinstance(key, str) and _NAME.fullmatch(key):
        return f".{key}"
    return f"[{json.dumps(key, ensure_ascii=False)}]"
