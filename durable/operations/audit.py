"""The audit log: what was done by hand, by the API and by command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durable import codec
from durable.conf import conf
from durable.models import Operation
from durable.store import Store
from durable.store.clock import database_now

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something, and through which door: "admin", "api" or "command"."""

    who: str
    via: str


def write_down(
    store: Store,
    actor: Actor,
    action: str,
    kind: str,
    target: object,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record what an actor did to an object, in the transaction that does it.

    Args:
        store: where the object is.
        actor: who did it.
        action: one verb, "cancel".
        kind: of the object, "run", "function", "event", "key" or "audit".
        target: its id.
        before: what is changed, as it was; never payloads, tokens or other secrets.
        after: what it became.
    """
    now: Any = database_now()
    Operation.objects.using(store.alias).create(
        at=now,
        who=actor.who[:_LONGEST],
        via=actor.via,
        action=action,
        kind=kind,
        target=str(target)[:_LONGEST],
        before=_text("before", before),
        after=_text("after", after),
    )


def _text(what: str, values: Mapping[str, Any] | None) -> str:
    return codec.encode(
        dict(values or {}),
        what=f"What an operation changed ({what})",
        limit=conf.MAX_EVENT_BYTES,
        setting="MAX_EVENT_BYTES",
        depth=conf.MAX_DEPTH,
    )
