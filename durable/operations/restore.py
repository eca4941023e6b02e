"""Putting back what people were not shown, where they left it as it was; never the secret of something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext_noop as _

from durable.engine.refusal import refused
from durable.errors import EventInvalidError
from durable.operations.redact import redacted
from durable.secret import HIDDEN, is_secret, patterns

_MISSING = object()


def restored(edited: Any, original: Any) -> Any:
    """Put back what `redacted` hid, where who edited the value left it as it was.

    Args:
        edited: what came back from a person who was shown `redacted(original)`.
        original: decoded JSON, as it is stored.

    Raises:
        EventInvalidError: names a place that is still hidden where it is not sure what belongs.
    """
    try:
        return _restored(edited, original, "$")
    except RecursionError:
        raise _refused(_("The data is nested too deeply.")) from None


def whole(written: dict[str, Any]) -> dict[str, Any]:
    """Return what a person has written, if nothing in it is left hidden.

    Raises:
        EventInvalidError: names a place that is.
    """
    found: dict[str, Any] = restored(written, _MISSING)
    return found


def _restored(edited: Any, original: Any, path: str) -> Any:
    if isinstance(edited, Mapping):
        return {key: _value(key, one, original, path) for key, one in edited.items()}
    if isinstance(edited, list):
        items = original if isinstance(original, list) else []
        _check_moved(edited, items, path)
        items = [*items, *[_MISSING] * len(edited)]
        return [_restored(one, items[n], f"{path}[{n}]") for n, one in enumerate(edited)]
    return edited


def _value(key: str, edited: Any, original: Any, path: str) -> Any:
    known = original.get(key, _MISSING) if isinstance(original, Mapping) else _MISSING
    path = f"{path}.{key}"
    if not is_secret(key, patterns()):
        return _restored(edited, known, path)
    if edited == HIDDEN and known is not _MISSING:
        return known
    if place := next(_texts(edited, path), None):
        raise _refused(
            _("%(place)s is [hidden], and there is nothing that belongs there: write it in full."),
            place=place,
        )
    return edited


def _texts(value: Any, path: str) -> Iterator[str]:
    """Yield where a secret that somebody has written says that it is hidden."""
    if isinstance(value, str) and HIDDEN in value:
        yield path
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, f"{path}.{key}")
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _texts(one, f"{path}[{n}]")


def _check_moved(edited: list[Any], original: list[Any], path: str) -> None:
    """Refuse a list of which it cannot be told whose secrets are meant."""
    if not original or len(edited) == len(original) == 1:
        return
    shown = redacted(original)
    if edited == shown:
        return
    owners = _owners(shown)
    for n, one in enumerate(edited):
        place = next(_hidden(one, f"{path}[{n}]"), None)
        if place is None:
            continue
        said = {owners[mark] for mark in _marks(one) if mark in owners} - {None}
        if len(edited) != len(original) or said != {n}:
            raise _refused(
                _(
                    "%(place)s is [hidden], and its list was changed so that it cannot be told which "
                    "value is meant: write it in full."
                ),
                place=place,
            )


def _hidden(value: Any, path: str) -> Iterator[str]:
    """Yield where something is to be put back."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            if one == HIDDEN and is_secret(key, patterns()):
                yield f"{path}.{key}"
            else:
                yield from _hidden(one, f"{path}.{key}")
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _hidden(one, f"{path}[{n}]")


def _owners(shown: list[Any]) -> dict[tuple[str, str], int | None]:
    """Return which item alone says what; None for what several say."""
    owners: dict[tuple[str, str], int | None] = {}
    for n, one in enumerate(shown):
        for mark in set(_marks(one)):
            owners[mark] = None if mark in owners else n
    return owners


def _marks(item: Any) -> Iterator[tuple[str, str]]:
    """Yield what an item says, and where: all of it first, then each value."""
    yield "", repr(item)
    yield from _values(item, "$")


def _values(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _values(one, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for n, one in enumerate(value):
            yield from _values(one, f"{path}[{n}]")
    else:
        yield path, repr(value)


def _refused(sentence: str, **values: object) -> EventInvalidError:
    return refused(partial(EventInvalidError, field="data"), sentence, **values)
