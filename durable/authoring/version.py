"""Which code of a function a process has, in a few characters that all machines agree on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, partial
from hashlib import sha256
from textwrap import dedent
from types import CodeType
from typing import Any

LONGEST = 64  # characters of a version that is given
_SHOWN = 12  # of one that is computed


def version_of(handler: Callable[..., Any]) -> str:
    """Return a digest of a handler's source, with its decorators; or of its code, if there is no source.

    Asked when the function is made: later the file may hold what this process has not loaded. What
    the handler calls is not looked at.
    """
    body = _body(handler)
    return _digest(body, getattr(body, "__code__", None))


@lru_cache(maxsize=64)  # of one body that many functions have: its source is parsed to be found
def _digest(body: Any, code: CodeType | None) -> str:
    try:
        # Code that was executed as text has the source of `python -c` since Python 3.13.
        has_file = code is None or code.co_filename != "<string>"
        text = dedent(inspect.getsource(body)) if has_file else _described(code)
    except (OSError, TypeError, SyntaxError, IndexError):
        text = _described(code)
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_SHOWN]


def _body(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = handler.func
    if not inspect.isroutine(handler):
        handler = getattr(type(handler), "__call__", handler)  # noqa: B004 - the method itself
    return inspect.unwrap(handler)


def _described(code: CodeType | None) -> str:
    """Describe what code does, without where it stands; sets have no order, so they are given one."""
    if code is None:
        return ""
    return f"{code.co_code.hex()} {code.co_names} {[_constant(one) for one in code.co_consts]}"


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _described(value)
    if isinstance(value, frozenset):
        return str(sorted(map(repr, value)))
    return repr(value)
