"""Which language a site's expressions are in: our own part of CEL, or all of it."""

from __future__ import annotations

from collections.abc import Callable

_language: list[Callable[[], str]] = [lambda: "subset"]


def follow(language: Callable[[], str]) -> None:
    """Ask this from now on: the site's setting, which these floors do not know."""
    _language[0] = language


def is_full() -> bool:
    """Whether what our own part of CEL does not know is read as CEL."""
    return _language[0]() == "cel"
