"""What the parameters of a body are called: by their names it is known which arguments are secrets."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache, partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from durable.secret import is_secret, patterns

_LAYERS = 20  # partials, methods and decorators around a function that are looked through


def secret_places(body: Callable[..., Any], count: int) -> tuple[int, ...]:
    """Return which of the first `count` positional arguments of a body have the name of a secret.

    None of a body that does not say what its parameters are called.
    """
    bound = 0
    for _ in range(_LAYERS):
        if type(body) is FunctionType and "__wrapped__" not in body.__dict__:
            return _places(*_named(body.__code__), bound, count, patterns())
        if type(body) is partial:
            bound, body = bound + len(body.args), body.func
        elif type(body) is MethodType:
            bound, body = bound + 1, body.__func__
        elif "__wrapped__" in getattr(body, "__dict__", ()):
            body = body.__dict__["__wrapped__"]
        else:
            bound, body = bound + 1, _own(body)
    return ()


def _own(body: Any) -> Any:
    """Return what is called with a class that is to be made, or with an object; the rest is not known."""
    kind, name = (body, "__init__") if isinstance(body, type) else (type(body), "__call__")
    return inspect.getattr_static(kind, name, None)


def _named(code: CodeType) -> tuple[tuple[str, ...], str]:
    """Return the names of positional parameters, and that of `*rest`."""
    names, count = code.co_varnames, code.co_argcount
    has_rest = code.co_flags & inspect.CO_VARARGS
    return names[:count], names[count + code.co_kwonlyargcount] if has_rest else ""


@lru_cache(maxsize=4096)
def _places(
    names: tuple[str, ...], rest: str, bound: int, count: int, patterns: tuple[str, ...]
) -> tuple[int, ...]:
    own = [*names[bound:], *[rest] * count][:count]
    return tuple(place for place, name in enumerate(own) if is_secret(name, patterns))
