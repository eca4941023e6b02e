"""What can be said about functions without a deploy: options, and whether they are paused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from durable import codec
from durable.authoring.function import MOST_RETRIES, MOST_THREADS
from durable.authoring.registry import registry
from durable.engine.overrides import overrides
from durable.errors import FunctionConfigInvalidError, FunctionNotFoundError
from durable.models import FunctionConfig, Run
from durable.operations.audit import Actor, write_down
from durable.playback.request import ParallelMode
from durable.playback.retry import LONGEST
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.clock import database_now
from durable.store.executor import repeat
from durable.wake import wake

RANGES: Mapping[str, tuple[int, int]] = {
    "retries": (0, MOST_RETRIES),
    "max_parallel": (1, 10_000),
    "threads": (1, MOST_THREADS),
    "priority": (-600, 600),  # seconds
    "retention": (1, 36_500),  # days
}
OPTIONS = (
    "retries",
    "backoff",
    "parallel_mode",
    "max_parallel",
    "threads",
    "fan_out",
    "priority",
    "retention",
)
MOST_DELAYS = 20


def configure_function(
    function: str, changes: Mapping[str, Any], *, actor: Actor
) -> dict[str, tuple[Any, Any]]:
    """Override options of a function, in the caller's transaction if there is one.

    Workers obey within about a second, when they next begin to drive a run.

    Args:
        function: its id.
        changes: by option, a value, or None for what code and settings say. `retries` (0 to 20),
            `backoff` (seconds before each retry, up to 20), `parallel_mode` ("wait" or "race"),
            `max_parallel` (planned steps of one run that are open at the same time), `threads` (1 to
            256), `fan_out` (each step of a group is a run of its own), `priority` (seconds by
            which new runs are claimed before others, -600 to 600), `retention` (days).
        actor: who says so.

    Returns:
        What has changed: by option, what it was and what it is.

    Raises:
        FunctionNotFoundError: no such function is registered, and none has run.
        FunctionConfigInvalidError: names the option that is wrong; nothing was changed.
    """
    checked = {name: _checked(function, name, value) for name, value in changes.items()}
    return _changed(function, checked, actor, "configure")


def reset_function(function: str, *, actor: Actor) -> dict[str, tuple[Any, Any]]:
    """Forget all overrides of a function, so that code and settings hold; a pause stays.

    Raises:
        FunctionNotFoundError: no such function is registered, and none has run.
    """
    return _changed(function, dict.fromkeys(OPTIONS), actor, "reset")


def pause_function(function: str, *, actor: Actor) -> dict[str, tuple[Any, Any]]:
    """Have a function begin nothing new until it is resumed, in the caller's transaction if any.

    Events and schedules make runs of it as ever; they queue. A run that is being driven goes on to its
    next step and rests there, within about a second; a body that is at work goes on to its end.
    Sleeps and waits end in their time.

    Returns:
        What has changed, as `configure_function` does; nothing if it was paused before.

    Raises:
        FunctionNotFoundError: no such function is registered, and none has run.
    """
    now: Any = database_now()
    return _changed(function, {"paused": now}, actor, "pause")


def resume_function(function: str, *, actor: Actor) -> dict[str, tuple[Any, Any]]:
    """Have a paused function go on; runs that were held back start in the order of their creation.

    Returns:
        What has changed, as `configure_function` does; nothing if it was not paused.

    Raises:
        FunctionNotFoundError: no such function is registered, and none has run.
    """
    return _changed(function, {"paused": None}, actor, "resume")


def _changed(
    function: str, changes: Mapping[str, Any], actor: Actor, verb: str
) -> dict[str, tuple[Any, Any]]:
    store = get_store()
    check_known(store, function)
    return repeat(store.alias, partial(_change, store, function, changes, actor, verb))


def check_known(store: Store, function: str) -> None:
    """Refuse a function that this process does not know, and that has never run.

    Raises:
        FunctionNotFoundError: that is so.
    """
    if function in registry.functions or store.functions.rows.filter(pk=function).exists():
        return
    if not Run.objects.using(store.alias).filter(function=function).exists():
        raise FunctionNotFoundError(
            f"No function {function!r} is registered in this process, and none has run. Check the id."
        )


def _change(
    store: Store, function: str, changes: Mapping[str, Any], actor: Actor, verb: str
) -> dict[str, tuple[Any, Any]]:
    with transaction.atomic(store.alias):
        row = _row(store, function)
        before = {name: shown(row, name) for name in changes}
        if verb == "pause" and row.paused is not None:
            return {}
        values = {**changes, "changed": database_now(), "changed_by": actor.who[:200]}
        store.functions.rows.filter(pk=function).update(**values)
        row.refresh_from_db(using=store.alias)
        after = {name: shown(row, name) for name in changes}
        changed = {name: (before[name], after[name]) for name in changes}
        changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        if not changed:
            transaction.set_rollback(True, using=store.alias)
            return {}
        due = store.functions.let_go(function) if verb == "resume" else 0
        write_down(
            store,
            actor,
            verb,
            "function",
            function,
            before={name: old for name, (old, _) in changed.items()},
            after={name: new for name, (_, new) in changed.items()},
        )
        after_commit(store.alias, _tell, due)
    return changed


def _row(store: Store, function: str) -> FunctionConfig:
    """Return the row, held, after it was made if there was none."""
    now: Any = database_now()
    new = FunctionConfig(function=function, changed=now, changed_by="")
    store.functions.rows.bulk_create([new], ignore_conflicts=True)
    row = store.functions.lock(function)
    assert row is not None
    return row


def _tell(due: int) -> None:
    overrides.forget()
    if due:
        wake(due)


def shown(row: FunctionConfig, name: str) -> Any:
    """Return an option as the audit log and people see it."""
    value = getattr(row, name)
    if name == "backoff":
        return None if row.delays is None else list(row.delays)
    return value.isoformat(timespec="seconds") if name == "paused" and value else value


def _checked(function: str, name: str, value: Any) -> Any:
    where = f"function {function!r}: {name}"
    if name not in OPTIONS:
        raise FunctionConfigInvalidError(
            f"{where} cannot be configured; there are {', '.join(OPTIONS)}."
        )
    if value is None:
        return None
    if name == "backoff":
        return _backoff(where, value)
    if name == "fan_out":
        if not isinstance(value, bool):
            raise FunctionConfigInvalidError(f"{where} must be True, False or None, not {value!r}.")
        return value
    if name == "parallel_mode":
        if value not in list(ParallelMode):
            raise FunctionConfigInvalidError(f"{where} must be 'wait' or 'race', not {value!r}.")
        return str(value)
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise FunctionConfigInvalidError(
            f"{where} must be a whole number from {least} to {most}, not {value!r}."
        )
    return value


def _backoff(where: str, value: Any) -> str:
    delays = list(value) if isinstance(value, list | tuple) else []
    fine = all(type(one) in (int, float) and 0 <= one <= LONGEST for one in delays)
    if not 1 <= len(delays) <= MOST_DELAYS or not fine:
        raise FunctionConfigInvalidError(
            f"{where} must list 1 to {MOST_DELAYS} times in seconds, each from 0 to {LONGEST:g}, not "
            f"{value!r}."
        )
    return codec.encode(delays, what=where, limit=4096, setting="MAX_EVENT_BYTES", depth=2)
