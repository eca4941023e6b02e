"""Which names are those of secrets: keys of payloads, and parameters of what steps call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

HIDDEN = "[hidden]"
REDACT: Sequence[str] = (
    *("*password*", "*passwd*", "*passphrase*", "*secret*", "*token*", "*apikey*", "*privatekey*"),
    *("authorization", "cookie", "setcookie", "*credential*", "cardnumber", "cvc", "cvv", "iban"),
)

_patterns: list[Callable[[], Iterable[str]]] = [lambda: REDACT]


def follow(patterns: Callable[[], Iterable[str]]) -> None:
    """Ask this from now on: the site's setting, which the lowest floors do not know."""
    _patterns[0] = patterns


def patterns() -> tuple[str, ...]:
    """Return the patterns of names, as `is_secret` takes them."""
    return _lowered(tuple(_patterns[0]()))


def is_secret(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether people are not to see what goes by this name."""
    # "apiKey", "api-key" and "API_KEY" are one key to who writes a pattern.
    name = name.lower().replace("-", "_")
    return any(
        fnmatchcase(name, one) or fnmatchcase(name.replace("_", ""), one) for one in patterns
    )


@lru_cache(maxsize=8)
def _lowered(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.lower() for one in patterns)
