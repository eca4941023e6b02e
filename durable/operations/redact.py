"""What people see of payloads: values under the keys of secrets are hidden, and so is all of some functions."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from durable.conf import conf
from durable.secret import HIDDEN, is_secret, patterns


def is_hidden(function: str) -> bool:
    """Whether nobody is to see payloads of a function: `DURABLE["HIDE_PAYLOADS_OF"]`."""
    return any(fnmatchcase(function, pattern) for pattern in conf.HIDE_PAYLOADS_OF)


def redacted(value: Any) -> Any:
    """Return decoded JSON with `HIDDEN` under each key that `DURABLE["REDACT"]` matches, at any depth."""
    return _redacted(value, patterns())


def _redacted(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if is_secret(key, names) else _redacted(one, names)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_redacted(one, names) for one in value]
    return value
