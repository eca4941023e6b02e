"""Running planned steps for runs that are driven elsewhere, or parked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from uuid import UUID

from django.db import connections

from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine import trouble
from durable.engine.batch import Batch
from durable.engine.call import call, events_of
from durable.engine.drive import ABSENT
from durable.engine.finish import lost
from durable.engine.held import held
from durable.engine.options import Options
from durable.errors import FunctionNotFoundError
from durable.models import Run
from durable.replay.body import Ran
from durable.replay.interrupt import Parked
from durable.replay.memo import Memo
from durable.replay.outcome import Outcome, Raised
from durable.replay.request import Request
from durable.replay.tape import RunTargets, Tape
from durable.store import Store
from durable.store.rows import StepClaim

logger = logging.getLogger("durable.engine")


class Assisting:
    """The performer of a targeted call: only planned steps run."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def admit(self, requests: Sequence[Request]) -> None:
        """Targets were admitted when they were planned."""

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Never asked for: nothing runs in place."""
        raise AssertionError("a targeted call records through its batch")

    def keep(self, ran: Ran) -> None:
        """Take the result of a target."""
        self.batch.keep(ran)

    def settle(self, requests: list[Request], run_targets: RunTargets) -> None:
        """Never asked for: only who drives a run plans."""
        raise AssertionError("a targeted call plans nothing")

    def rest(self) -> None:
        """Never asked for: a targeted call has nothing to wait for."""
        raise AssertionError("a targeted call does not rest")

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Close the connections of a thread when its work is done."""
        try:
            yield
        finally:
            connections.close_all()


def assist(store: Store, claims: Sequence[StepClaim], *, owner: str) -> None:
    """Run claimed steps, of one run after the other. Never raises."""
    with held.batch(claims):
        for run, group in groupby(sorted(claims, key=lambda c: c.run), key=lambda c: c.run):
            mine = list(group)
            try:
                _assist_run(store, run, mine, owner)
                trouble.over()
            except trouble.NOT_THE_RUNS_FAULT:
                logger.exception("steps of run %s have to rest", run, extra={"run_id": str(run)})
                _try(partial(_rest, store, run, mine))
            except Exception:
                logger.exception("steps of run %s failed", run, extra={"run_id": str(run)})
                _try(partial(_suspect, store, mine))


def _assist_run(store: Store, run_id: UUID, claims: list[StepClaim], owner: str) -> None:
    row = Run.objects.using(store.alias).only("function", "event_id").get(pk=run_id)
    try:
        function = registry.get(row.function)
    except FunctionNotFoundError as error:
        store.steps.give_back(claims, ABSENT)
        store.runs.explain([run_id], str(error))
        return
    if function.threads > len(claims):
        more = store.steps.claim(owner, function.threads - len(claims), run_id)
        claims.extend(more)
    with held.batch(claims):
        _run(store, row, function, claims)


def _run(store: Store, row: Run, function: Function, claims: list[StepClaim]) -> None:
    batch = Batch(store, claims, function.id, Options.of(function).policy)
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
    options = Options.of(function)
    history = store.steps.history(row.pk, before=wave)
    tape = Tape(
        memos=history.memos,
        branches=history.branches,
        performer=Assisting(batch),
        mode=options.mode,
        targets=targets,
        target_branches={batch.claims[key].branch for key in targets},
        strict=options.strict,
        attempt=min(batch.tries.values()),
        tries=batch.tries,
    )
    outcome = call(function, tape, row.pk, events_of(store, row.event_id))
    _answer_for(batch, targets, outcome, tape)


def _answer_for(batch: Batch, missed: set[str], outcome: Outcome, tape: Tape) -> None:
    """Targets whose bodies did not run: the code before them raised, or took another way."""
    if isinstance(outcome, Raised) and tape.misuse is None:
        batch.fail(sorted(missed), outcome.failure)
    else:
        batch.miss(missed, tape.misuse)


def _rest(store: Store, run: UUID, claims: list[StepClaim]) -> None:
    store.steps.give_back(claims, trouble.pause())
    store.runs.explain([run], trouble.REASON)


def _suspect(store: Store, claims: list[StepClaim]) -> None:
    # The leases end soon, which counts as lost workers: an error for ever ends as one.
    crashes = max(claim.crashes for claim in claims)
    held_by = {claim.id: claim.claim for claim in claims}
    store.leases.shorten({}, held_by, trouble.pause_of_suspect(crashes))


def _try(give_back: Callable[[], object]) -> None:
    try:
        give_back()
    except Exception:
        logger.exception("steps could not be given back")
