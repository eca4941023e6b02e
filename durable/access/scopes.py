"""What may be done, by name: a key's scopes and Django's permissions are both asked for the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from durable.models import Key
from durable.models.key import covers

OPERATIONS: Mapping[str, str] = {  # to the permission of a Django user
    "events.send": "durable.send_event",
    "runs.read": "durable.view_run",
    "runs.cancel": "durable.cancel_run",
    "runs.retry": "durable.retry_run",
    "runs.replay": "durable.replay_run",
    "runs.signal": "durable.signal_run",
    "payloads.read": "durable.view_payload",  # data of events, outputs of runs and steps
    "functions.read": "durable.view_run",
    "functions.invoke": "durable.send_event",
    "schema.read": "durable.view_run",
    "keys.read": "durable.view_key",
    "keys.create": "durable.add_key",
    "keys.change": "durable.change_key",  # rotate, revoke
}


def unknown(patterns: Iterable[str]) -> list[str]:
    """Return the patterns that match no operation."""
    return [one for one in patterns if not any(covers(one, name) for name in OPERATIONS)]


def may_user_grant(has_perm: Callable[[str], bool], operations: str) -> bool:
    """Say whether a user may do all that a key with these scopes could do."""
    wanted = [permission for name, permission in OPERATIONS.items() if covers(operations, name)]
    return all(has_perm(permission) for permission in wanted)


def may_key_grant(key: Key, other: Key) -> bool:
    """Say whether a key may do all that the other could do, as often, and for as long."""
    is_within = all(key.may(one) for one in other.operations.split())
    is_within = is_within and all(key.may_send(one) for one in other.events.splitlines())
    is_own = key.tenant in ("", other.tenant)
    is_slow = key.rate is None or (other.rate is not None and other.rate <= key.rate)
    lasts = key.expires is None or (other.expires is not None and other.expires <= key.expires)
    return is_within and is_own and is_slow and lasts
