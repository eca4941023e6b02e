"""JSON in and out: one spelling for everything stored, and errors that name the place of the culprit.

A value is encoded, and what user code then sees is the *decoded* text, on the first pass as on every
replay. Texts are stored as text, so the three databases cannot disagree about them.
"""

from __future__ import annotations

import json
from typing import Any

from durable.errors import LimitExceededError, OutputUnserializableError

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_TOO_LARGE = 10**4300  # Python reads no longer number back
_PLAIN = (str, int, float, bool, type(None))


_CURES = {
    "datetime": "Use .isoformat().",
    "date": "Use .isoformat().",
    "Decimal": "Use str().",
    "UUID": "Use str().",
    "set": "Use sorted() or list().",
    "QuerySet": "Use a list of primary keys.",
    "timedelta": "Use .total_seconds().",
    "coroutine": "Await it, in an async function.",
}
_OF_MODELS = "Use its primary key, and get the object in the step that needs it."


def encode(value: Any, *, what: str, limit: int, setting: str, depth: int) -> str:
    """Return the JSON text of `value`.

    Args:
        value: dicts with string keys, lists, tuples (stored as lists), strings, numbers, booleans, None.
        what: how an error should call the value, `step 'charge'` for example.
        limit: UTF-8 bytes at most; `setting` is the entry of `DURABLE` that says so.
        depth: nested containers at most.

    Raises:
        OutputUnserializableError: the value is not plain JSON; the message holds the path.
        LimitExceededError: the text is longer than `limit`.
    """
    text = _encode_quickly(value, depth)
    if text is None:
        _inspect(value, what, depth)
        text = _ENCODER.encode(value)
    size = len(text.encode())
    if size > limit:
        raise LimitExceededError(
            f"{what} is {size:,} bytes of JSON; the limit is {limit:,} (DURABLE[{setting!r}]). "
            "Store it elsewhere and return a reference.",
            setting=setting,
        )
    return text


def decode(text: str) -> Any:
    """Return the value of a stored text."""
    return json.loads(text)


def _encode_quickly(value: Any, depth: int) -> str | None:
    """Return the text when a few C-speed looks show it is sound, else None: have it inspected."""
    try:
        text = _ENCODER.encode(value)
        text.encode()
        nested = text.count("[") + text.count("{") > depth
        sound = not nested and "\\u0000" not in text and json.loads(text) == value
    except (TypeError, ValueError, RecursionError):
        return None
    return text if sound else None


def _inspect(value: Any, what: str, depth: int) -> None:
    """Walk the value and raise for the first thing JSON cannot hold; tuples pass."""
    todo: list[tuple[Any, str, int, tuple[int, ...]]] = [(value, "$", 0, ())]
    while todo:
        item, path, level, above = todo.pop()
        if isinstance(item, dict | list | tuple):
            if id(item) in above:
                raise _error(what, path, "a reference to one of its own parents")
            if level >= depth:
                raise _error(what, path, f"nested deeper than {depth} (DURABLE['MAX_DEPTH'])")
            above = (*above, id(item))
            todo.extend((v, p, level + 1, above) for v, p in _children(item, path, what))
        else:
            _inspect_scalar(item, path, what)


def _children(item: Any, path: str, what: str) -> list[tuple[Any, str]]:
    if not isinstance(item, dict):
        return [(child, f"{path}[{n}]") for n, child in enumerate(item)][::-1]
    for key in item:
        if not isinstance(key, str):
            raise _error(what, path, f"a key of type {type(key).__name__}; keys must be str")
        _inspect_text(key, f"{path} (a key)", what)
    return [(child, f"{path}.{key}") for key, child in item.items()][::-1]


def _inspect_scalar(item: Any, path: str, what: str) -> None:
    if not isinstance(item, _PLAIN):
        name = type(item).__name__
        cure = _OF_MODELS if hasattr(type(item), "_meta") else _CURES.get(name)
        raise _error(what, path, name, cure)
    if isinstance(item, str):
        _inspect_text(item, path, what)
    elif isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
        raise _error(what, path, f"the number {item}")
    elif isinstance(item, int) and abs(item) >= _TOO_LARGE:
        raise _error(what, path, "an integer of more than 4,300 digits")


def _inspect_text(text: str, path: str, what: str) -> None:
    if "\0" in text:
        raise _error(what, path, "text with a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _error(what, path, "text with a lone surrogate") from None


def _error(what: str, path: str, found: str, cure: str | None = None) -> OutputUnserializableError:
    return OutputUnserializableError(
        f"{what} cannot be stored as JSON: {path}: {found}. "
        + (cure or "Use plain dicts, lists, strings, numbers, booleans or None."),
        path=path,
    )
