"""Events sent, and functions invoked, by somebody: written down in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from durable.authoring.event import Event
from durable.authoring.registry import registry
from durable.engine.cancelling import await_cancels
from durable.engine.ingest import ingest
from durable.engine.refusal import refused
from durable.engine.route import route
from durable.engine.start import Started, start
from durable.errors import EventInvalidError
from durable.models import Event as EventRow
from durable.models import Run
from durable.operations.audit import Actor, write_down
from durable.operations.receipt import with_receipt
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.wake import wake

Again = tuple[UUID | None, UUID]  # the last run of the event before, and the new one


def send_event(event: Event, *, actor: Actor) -> str:
    """Send an event, as `durable.send` does; return its id.

    Raises:
        EventInvalidError, OutputUnserializableError, LimitExceededError: nothing was stored.
    """
    store = get_store()
    with transaction.atomic(store.alias):
        (pk,) = ingest([event])
        write_down(store, actor, "send", "event", pk, after={"name": event.name})
    return pk


def invoke_function(
    function: str,
    data: Mapping[str, Any],
    *,
    actor: Actor,
    custom_id: str = "",
    tenant: str = "",
) -> Started:
    """Start one function, whatever triggers it has.

    Args:
        function: its id.
        data: of the event that the run is given.
        actor: who does so.
        custom_id: with one of these the function is started once in each tenant, for ever.
        tenant: whose run it is.

    Raises:
        FunctionNotFoundError: this process does not know it, or it is durable's own.
        EventInvalidError, OutputUnserializableError, LimitExceededError: `data` cannot be stored.
    """
    store = get_store()
    given = {"custom_id": custom_id, "tenant": tenant}
    return with_receipt(store, partial(_invoke, store, function, data, actor, given))


def _invoke(
    store: Store,
    function: str,
    data: Mapping[str, Any],
    actor: Actor,
    given: Mapping[str, str],
) -> Started:
    started = start(store, function, data, **given)
    if started.is_new:
        after = {"run": str(started.run.pk)}
        write_down(store, actor, "invoke", "function", function, after=after)
    return started


def resend_event(
    event: UUID, functions: Collection[str] | None = None, *, actor: Actor
) -> dict[str, Again]:
    """Start functions again for an event that came in before: a new run of each, of the same event.

    Whoever waits for such an event is not given it again, and what counts once by an idempotency key
    is started all the same: somebody wants it.

    Args:
        event: its id.
        functions: ids, whether they listen to it or not; those that it would start, if left out.
        actor: who does so.

    Returns:
        The runs, by function.

    Raises:
        EventInvalidError: there is no such event, or its data was erased.
        FunctionNotFoundError: one of the functions is not known to this process, or is durable's own.
    """
    store = get_store()
    return with_receipt(store, partial(_resend, store, event, functions, actor))


def _resend(
    store: Store, event: UUID, functions: Collection[str] | None, actor: Actor
) -> dict[str, Again]:
    # Held, so that retention does not remove it before its new runs are there.
    row = EventRow.objects.using(store.alias).select_for_update().filter(pk=event).first()
    if row is None:
        raise _refused(_("There is no event %(event)s."), event)
    if getattr(row, "erased", None) is not None:
        raise _refused(
            _("The data of event %(event)s was erased: there is nothing left to send."), event
        )
    ids = route(row).functions if functions is None else list(dict.fromkeys(functions))
    known = Run.objects.using(store.alias).filter(event=event, function__in=ids).order_by("replay")
    before = dict(known.values_list("function", "pk"))  # the last of each
    started = {registry.get_of_site(one).id: store.revivals.start(one, row) for one in ids}
    if not started:
        return {}
    await_cancels(store, row, started)
    runs = {"before": before, "after": started}
    said = {
        when: {"runs": {name: str(pk) for name, pk in those.items()}}
        for when, those in runs.items()
    }
    write_down(store, actor, "resend", "event", event, **said)
    after_commit(store.alias, wake, len(started))
    return {name: (before.get(name), run) for name, run in started.items()}


def _refused(sentence: str, event: UUID) -> EventInvalidError:
    return refused(partial(EventInvalidError, field="event"), sentence, event=event)
