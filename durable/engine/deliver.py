"""From an event to those who wait for it.

A wait is committed before its run parks, and waits are looked for in a statement that begins after the
event was committed: that look is when the event arrives. Whoever waits by then gets it, and nobody gets
it twice: a run that goes on to its next wait meanwhile is newer than the look. The event and
the time-out of a wait both take the step over by a condition on it, so that one of them wins for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction

from durable.engine import trouble
from durable.engine.call import events_of
from durable.engine.cancel import end_early
from durable.engine.ending import ended
from durable.engine.verdict import encoded
from durable.errors import ExpressionFailedError
from durable.expressions.condition import holds
from durable.expressions.key import keys_of
from durable.models import Event, Run, Wait
from durable.playback.memo import Memo
from durable.signals import told
from durable.store import Store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.store.rows import StepClaim
from durable.wake import wake

logger = logging.getLogger("durable.engine")

EVENTS = 100  # looked at together
PAGE = 500  # waits woken in one transaction
HOLD = 10.0  # seconds for which who hands out an event is left alone
LONG = 60.0  # seconds after which an event that could not be handed out has waited for long
PUT_OFF = 300.0  # seconds until such an event is tried again
_PAST = 1000  # events of the past that a wait looks at, at most


def deliver(store: Store) -> int:
    """Hand out events that came in; return how many there were. Never raises."""
    try:
        return _deliver_due(store)
    except Exception:
        logger.exception("events could not be handed out; the next look tries again")
        return 0


def _deliver_due(store: Store) -> int:
    events = store.events.due(EVENTS)
    if not events:
        return 0
    paths = store.waits.paths({event.name for event in events})
    awaited = [event for event in events if event.name in paths]
    store.events.routed([event.pk for event in events if event.name not in paths])
    for event in awaited:
        last = store.waits.last() if event.last_wait is None else event.last_wait
        if store.events.hold(event, HOLD, last):
            _try(store, event, paths[event.name], last)
    return len(events)


def _try(store: Store, event: Event, paths: Sequence[str], last: int) -> None:
    """Hand out one event; if that goes wrong, it is tried again when it is no longer held.

    What goes wrong for long and is not the database's fault is put off, each time.
    """
    try:
        _deliver(store, event, paths, last)
        store.events.routed([event.pk])
    except trouble.NOT_THE_RUNS_FAULT:
        logger.exception("event %s could not be handed out", event.pk)
    except Exception:
        logger.exception("event %s could not be handed out", event.pk)
        store.events.put_off(event.pk, LONG, PUT_OFF)


def _deliver(store: Store, event: Event, paths: Sequence[str], last: int) -> None:
    candidate = as_dict(event)
    keys = keys_of(candidate, paths, event.tenant)
    after = 0
    while page := store.waits.find(event, list(keys.values()), after, last, PAGE):
        after = page[-1].pk
        found = [wait for wait in page if is_met(wait, keys, candidate)]
        if steps := [wait.step_id for wait in found if wait.step_id is not None]:
            repeat(store.alias, partial(_give, store, steps, event, candidate))
        for wait in found:
            if wait.step_id is None:
                _cancel(store, wait, event)


def _cancel(store: Store, wait: Wait, event: Event) -> None:
    run = Run.objects.using(store.alias).get(pk=wait.run_id)
    end_early(store, run, f"The event {event.name} ({event.pk}) cancelled it.")
    store.waits.forget(run.pk)


def _give(store: Store, steps: Sequence[int], event: Event, candidate: Mapping[str, Any]) -> None:
    output = encoded(candidate, "the event")
    with transaction.atomic(store.alias):
        claims = store.steps.seize(steps)
        flush = store.steps.flush([(claim, ended(claim, output=output)) for claim in claims])
        store.waits.close(steps)
        store.waits.note(event.pk, [claim for claim, _ in flush.written])
        after_commit(store.alias, wake, flush.woken)


def is_met(wait: Wait, keys: Mapping[str, str], candidate: Mapping[str, Any]) -> bool:
    """Whether an event, with the keys of its values, is one that is waited for."""
    if keys.get(wait.path) != wait.match:
        return False
    try:
        return holds(wait.rest, candidate)
    except ExpressionFailedError as error:
        logger.warning(
            "run %s: its condition on %r cannot be computed: %s",
            wait.run_id,
            wait.event,
            told(error),
            extra={"run_id": str(wait.run_id)},
        )
        return False


def as_dict(event: Event) -> Mapping[str, Any]:
    """Return an event as conditions see it."""
    (seen,) = events_of(event)()
    return seen.as_dict()


def expire(store: Store, claims: Sequence[StepClaim]) -> Sequence[Memo]:
    """End waits whose time has come; but those that are to look back first do so."""
    if not claims:
        return []
    waits = store.waits.of_steps([claim.id for claim in claims])
    over = [claim for claim in claims if claim.id not in waits or waits[claim.id].lookback is None]
    for claim in claims:
        if claim not in over:
            _look_back(store, claim, waits[claim.id])
    return repeat(store.alias, partial(_end, store, over)) if over else []


def _end(store: Store, claims: Sequence[StepClaim]) -> Sequence[Memo]:
    """End waits and forget them at once: who dies in between would leave them behind."""
    with transaction.atomic(store.alias):
        flush = store.steps.flush([(claim, ended(claim)) for claim in claims])
        store.waits.close([claim.id for claim in claims])
        after_commit(store.alias, wake, flush.woken)
    return [result.memo for _, result in flush.written]


def _look_back(store: Store, claim: StepClaim, wait: Wait) -> None:
    tenant = Run.objects.using(store.alias).values_list("tenant", flat=True).get(pk=wait.run_id)
    for event in store.events.since(wait.event, tenant, wait.lookback or 0.0, _PAST):
        candidate = as_dict(event)
        keys = keys_of(candidate, [wait.path], tenant)
        if is_met(wait, keys, candidate):
            repeat(store.alias, partial(_give, store, [claim.id], event, candidate))
            return
    store.waits.rest(wait, claim.claim)
