"""Addresses with and without the slash at their end: a redirect would lose what was sent."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RegexPattern, RoutePattern


class _Route(RoutePattern):
    def match(self, path: str) -> Any:
        """Match an address in either spelling."""
        return super().match(path) or super().match(_other(path))


class _Regex(RegexPattern):
    def match(self, path: str) -> Any:
        """Match an address in either spelling."""
        return super().match(path) or super().match(_other(path))


def either(one: URLPattern) -> URLPattern:
    """Take an address in both spellings. It is reversed and described in its own."""
    kind = _Route if isinstance(one.pattern, RoutePattern) else _Regex
    pattern = kind(str(one.pattern), name=one.name, is_endpoint=True)
    return URLPattern(pattern, one.callback, one.default_args, one.name)


def _other(path: str) -> str:
    return path[:-1] if path.endswith("/") else f"{path}/"
