"""Running planned steps for runs that are driven elsewhere, or parked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from uuid import UUID

from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine import tracing, trouble
from durable.engine.batch import Batch
from durable.engine.call import events_of
from durable.engine.drive import ABSENT
from durable.engine.ending import end, ended
from durable.engine.finish import lost
from durable.engine.held import held
from durable.engine.options import Options
from durable.engine.overrides import overrides
from durable.engine.target import run_targets
from durable.engine.timers import ring
from durable.engine.unreadable import EventUnreadableError
from durable.errors import FunctionNotFoundError
from durable.models import Run
from durable.playback.failure import found
from durable.playback.request import TIMERS
from durable.store import Store
from durable.store.rows import StepClaim

logger = logging.getLogger("durable.engine")


def assist(store: Store, claims: Sequence[StepClaim], *, owner: str) -> None:
    """Run claimed steps, of one run after the other. Never raises."""
    with held.batch(claims):
        timers = [claim for claim in claims if claim.op in TIMERS]
        _try(partial(ring, store, timers))
        work = sorted((c for c in claims if c.op not in TIMERS), key=lambda c: c.run)
        for run, group in groupby(work, key=lambda c: c.run):
            mine = list(group)
            try:
                _assist_run(store, run, mine, owner)
                trouble.over()
            except trouble.NOT_THE_RUNS_FAULT as error:
                logger.exception("steps of run %s have to rest", run, extra={"run_id": str(run)})
                _try(partial(_rest, store, run, mine, trouble.reason(error)))
            except EventUnreadableError as error:
                failure = found(error)
                logger.error("run %s: %s", run, error, extra={"run_id": str(run)})
                _try(partial(end, store, [(one, ended(one, failure=failure)) for one in mine]))
            except Exception:
                logger.exception("steps of run %s failed", run, extra={"run_id": str(run)})
                _try(partial(_suspect, store, run, mine))


def _assist_run(store: Store, run_id: UUID, claims: list[StepClaim], owner: str) -> None:
    row = Run.objects.using(store.alias).select_related("event").get(pk=run_id)
    if row.is_final:
        return  # its steps were closed
    try:
        function = registry.get(row.function)
    except FunctionNotFoundError as error:
        store.steps.give_back(claims, ABSENT)
        store.runs.explain([run_id], str(error))
        return
    overrides.look(store)
    if overrides.of(row.function).is_paused:
        if store.functions.hold_steps(row.function, run_id, claims):
            return
        overrides.look_again(store)
    options = Options.of(function)
    if options.threads > len(claims):
        more = store.steps.claim(owner, options.threads - len(claims), run_id)
        ring(store, [claim for claim in more if claim.op in TIMERS])
        claims.extend(claim for claim in more if claim.op not in TIMERS)
    with held.batch(claims), tracing.assisting(row, row.event):
        _run(store, row, function, options, claims)


def _run(
    store: Store, row: Run, function: Function, options: Options, claims: list[StepClaim]
) -> None:
    is_serial = options.threads == 1 and not function.is_async
    batch = Batch(store, claims, function=function.id, policy=options.policy, is_serial=is_serial)
    poison = [claim for claim in claims if claim.crashes >= conf.MAX_CRASHES]
    for claim in poison:
        batch.fail([claim.key], lost(claim.crashes))
    targets = batch.keys - {claim.key for claim in poison}
    if targets:
        _call(store, row, function, batch, targets)
    batch.flush()
    store.steps.give_back(batch.unanswered, 1.0)


def _call(store: Store, row: Run, function: Function, batch: Batch, targets: set[str]) -> None:
    wave = max(claim.wave for claim in batch.claims.values())
    history = store.steps.history(row.pk, before=wave)
    run_targets(
        batch, targets, function, row.pk, events_of(row.event), history.memos, history.branches
    )


def _rest(store: Store, run: UUID, claims: list[StepClaim], why: str) -> None:
    store.steps.give_back(claims, trouble.pause())
    store.runs.explain([run], why)


def _suspect(store: Store, run: UUID, claims: list[StepClaim]) -> None:
    store.runs.explain([run], trouble.INTERNAL)
    # The leases end soon, which counts as lost workers: an error for ever ends as one.
    crashes = max(claim.crashes for claim in claims)
    held_by = {claim.id: claim.claim for claim in claims}
    store.leases.shorten({}, held_by, trouble.pause_of_suspect(crashes))


def _try(give_back: Callable[[], object]) -> None:
    try:
        give_back()
    except Exception:
        logger.exception("steps could not be given back")
