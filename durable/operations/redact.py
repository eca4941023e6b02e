"""What people see of payloads: values under the keys of secrets are hidden, and so is all of some functions."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from durable.conf import conf

HIDDEN = "[hidden]"


def is_hidden(function: str) -> bool:
    """Whether nobody is to see payloads of a function: `DURABLE["HIDE_PAYLOADS_OF"]`."""
    return any(fnmatchcase(function, pattern) for pattern in conf.HIDE_PAYLOADS_OF)


def redacted(value: Any) -> Any:
    """Return decoded JSON with `HIDDEN` under each key that `DURABLE["REDACT"]` matches, at any depth."""
    return _redacted(value, [pattern.lower() for pattern in conf.REDACT])


def _redacted(value: Any, patterns: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _matches(key, patterns) else _redacted(one, patterns)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_redacted(one, patterns) for one in value]
    return value


def _matches(key: str, patterns: list[str]) -> bool:
    # "apiKey", "api-key" and "API_KEY" are one key to who writes a pattern.
    name = key.lower().replace("-", "_")
    return any(
        fnmatchcase(name, one) or fnmatchcase(name.replace("_", ""), one) for one in patterns
    )


def restored(edited: Any, original: Any) -> Any:
    """Put back what `redacted` hid, where who edited the value left it as it was.

    Args:
        edited: what came back from a person who was shown `redacted(original)`.
        original: decoded JSON, as it is stored.
    """
    if isinstance(edited, Mapping) and isinstance(original, Mapping):
        return {
            key: original[key]
            if one == HIDDEN and key in original
            else restored(one, original.get(key))
            for key, one in edited.items()
        }
    if isinstance(edited, list) and isinstance(original, list):
        return [
            restored(one, original[n] if n < len(original) else None)
            for n, one in enumerate(edited)
        ]
    return edited
