"""The sources that a site names in `DURABLE["WEBHOOKS"]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.utils.module_loading import import_string

from durable.authoring.event import RESERVED, Event
from durable.conf import conf
from durable.webhooks.delivery import Delivery
from durable.webhooks.scheme import SCHEMES, Scheme, custom
from durable.webhooks.signature import standard_key

EventOf = Callable[[Delivery], Event | Sequence[Event] | None]

ENTRIES = ("SCHEME", "SECRETS", "EVENT")
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who may send, how it signs, and what becomes of it."""

    name: str
    scheme: Scheme
    secrets: Sequence[str]
    event_of: EventOf | None = None  # the scheme's way, if there is none


def find(name: str) -> Source | None:
    """Return a source by its name; None if there is none, or if it is not sound."""
    given = conf.WEBHOOKS.get(name)
    if given is None or complaints(name, given) or lacks_secret(given):
        return None
    return _source(name, given)


def _source(name: str, given: Mapping[str, Any]) -> Source:
    scheme, event = given["SCHEME"], given.get("EVENT")
    return Source(
        name=name,
        scheme=SCHEMES.get(scheme) or custom(import_string(scheme)),
        secrets=tuple(given["SECRETS"]),
        event_of=cast(EventOf, import_string(event)) if event else None,
    )


def complaints(name: object, given: object) -> list[str]:
    """Return a sentence for each thing wrong with one entry of `DURABLE["WEBHOOKS"]`."""
    where = f"DURABLE['WEBHOOKS'][{name!r}]"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return [f"{where}: its name may hold letters, digits, dots, dashes and underscores only."]
    if f"{name}/" in RESERVED:
        return [f"{where}: events of a source begin with its name, and {name}/ is reserved."]
    if not isinstance(given, Mapping):
        return [f"{where} must be a dict, not {type(given).__name__}."]
    return [f"{where}{text}" for text in _complaints(given)]


def lacks_secret(given: object) -> bool:
    """Whether an entry names no secret, so that nothing can be signed with it."""
    return isinstance(given, Mapping) and not given.get("SECRETS")


def _complaints(given: Mapping[object, Any]) -> Iterator[str]:
    for entry in given:
        if entry not in ENTRIES:
            yield f" has an unknown entry {entry!r}. The entries are {', '.join(ENTRIES)}."
    yield from _scheme_complaints(given.get("SCHEME"))
    yield from _secret_complaints(given.get("SECRETS", ()), given.get("SCHEME"))
    if given.get("EVENT") is not None:
        yield from _path_complaints("EVENT", given["EVENT"])


def _scheme_complaints(scheme: object) -> Iterator[str]:
    if isinstance(scheme, str) and scheme in SCHEMES:
        return
    if not isinstance(scheme, str) or "." not in scheme:
        known = ", ".join(SCHEMES)
        yield f"['SCHEME'] must be one of {known}, or the dotted path of a function, not {scheme!r}."
        return
    yield from _path_complaints("SCHEME", scheme)


def _secret_complaints(secrets: object, scheme: object) -> Iterator[str]:
    are_texts = isinstance(secrets, list | tuple) and all(
        isinstance(one, str) and one for one in secrets
    )
    if not are_texts:
        yield "['SECRETS'] must be a list of secrets, each a text that is not empty."
    elif scheme == "standard" and not all(map(_is_base64, cast(Sequence[str], secrets))):
        yield "['SECRETS']: a secret of Standard Webhooks is base64, after 'whsec_'."


def _is_base64(secret: str) -> bool:
    try:
        return bool(standard_key(secret))
    except ValueError:
        return False


def _path_complaints(entry: str, path: object) -> Iterator[str]:
    try:
        found = import_string(path) if isinstance(path, str) else None
    except ImportError as error:
        yield f"[{entry!r}]: {path!r} cannot be imported: {error}."
        return
    if not callable(found):
        yield f"[{entry!r}] must be the dotted path of a function, not {path!r}."
