"""Refusals: errors whose message programs read in English, and people in their language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Choices
from django.utils.translation import gettext

E = TypeVar("E", bound=Exception)

_KEPT = "_durable_said"  # where an error holds what its message is made of


@dataclass(frozen=True, slots=True)
class _Said:
    sentence: str
    values: Mapping[str, object]


def refused(kind: Callable[[str], E], sentence: str, **values: object) -> E:
    """Return an error to be raised.

    Args:
        kind: its class.
        sentence: in English, marked by `gettext_noop`, with places such as `%(run)s`.
        values: for the places; a status as a member of its class.
    """
    error = kind(sentence % values)
    error.__dict__[_KEPT] = _Said(sentence, values)
    return error


def in_words(error: Exception) -> str:
    """Return the message in the language of who reads it; in English if nobody has translated it."""
    said = error.__dict__.get(_KEPT)
    if said is None:
        return str(error)
    values = {
        name: one.label if isinstance(one, Choices) else one for name, one in said.values.items()
    }
    return gettext(said.sentence) % values
