"""Runs: claimed, released, parked, finished. The plain ORM; families of databases say it faster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
    Value,
    When,
)

from durable.conf import conf
from durable.ids import new_id
from durable.models import Blob, Event, Run, RunStatus, Step
from durable.playback.failure import Failure
from durable.playback.interrupt import Fenced
from durable.store.attempts import note_attempt
from durable.store.clock import database_in, database_now
from durable.store.executor import retried
from durable.store.order import place, version
from durable.store.outside import Outside
from durable.store.rows import NewRun, RunClaim, error_text, is_large

_FIELDS = (
    "id",
    "claim",
    "function",
    "event_id",
    "attempt",
    "crashes",
    "wave",
    "parent_id",
    "parent_key",
    "tenant",
    "step",
    "version",
)


class Runs(Outside):
    """The rows of Run on one database."""

    def held(self, run: RunClaim) -> QuerySet[Run]:
        """The run, if it is still held under this claim."""
        return self.rows.filter(pk=run.id, claim=run.claim, status=RunStatus.RUNNING)

    def create(
        self, event: Event, functions: Sequence[str], due_at: datetime | None = None
    ) -> None:
        """Insert a run of each function for an event, in the caller's transaction."""
        self.create_each(
            [NewRun(event=event, function=function, due_at=due_at) for function in functions]
        )

    def create_each(self, wanted: Sequence[NewRun]) -> None:
        """Insert these runs, in the caller's transaction; each starts once for its dedupe key."""
        now: Any = database_now()
        runs = [
            Run(
                id=new_id(),
                function=new.function,
                event_id=new.event.pk,
                tenant=new.event.tenant,
                subject=new.event.subject,
                status=RunStatus.QUEUED,
                due_at=place(new.function, new.due_at),
                created=now,
                version=version(new.function),
                dedupe_key=new.dedupe_key,
                deadline=_deadline(new),
            )
            for new in wanted
        ]
        # A repeat of the whole transaction may find its own rows.
        self.rows.bulk_create(runs, batch_size=500, ignore_conflicts=True)

    @retried
    def claim(self, owner: str, limit: int = 1, *, tenant: str = "") -> list[RunClaim]:
        """Take over up to `limit` due runs, oldest first, for one lease; none whose deadline has passed.

        A run whose lease has passed lost its worker: that is counted since the last step recorded.

        Args:
            owner: for whom.
            limit: at most so many.
            tenant: only of this one; of all, and of nobody, if it is not given.
        """
        with transaction.atomic(self.alias):
            in_time = Q(deadline=None) | Q(deadline__gt=database_now())
            whose = self.rows.filter(tenant=tenant) if tenant else self.rows
            due = whose.filter(in_time, due_at__lte=database_now())
            due = self._locked(due.order_by("due_at"))
            ids = [row.pk for row in due.only("pk")[:limit]]
            if not ids:
                return []
            rows = self.rows.filter(pk__in=ids)
            rows.update(
                crashes=self._crashes(),
                claim=F("claim") + 1,
                owner=owner,
                wake=0,
                reason="",
                due_at=database_in(conf.LEASE),
                # Before `started`, whose old value it asks for: MariaDB goes from left to right.
                deadline=Case(
                    When(started=None, then=None),
                    default=F("deadline"),
                    output_field=DateTimeField(),
                ),
                started=Case(
                    When(started=None, then=database_now()),
                    default=F("started"),
                    output_field=DateTimeField(),
                ),
                status=RunStatus.RUNNING,
            )
            return [
                RunClaim(**{name.removesuffix("_id"): getattr(row, name) for name in _FIELDS})
                for row in rows.only(*_FIELDS)
            ]

    def tenant_after(self, tenant: str) -> str:
        """Return the next tenant of whom a run is due or will be; "" after the last one."""
        rows = self.rows.filter(tenant__gt=tenant, due_at__isnull=False).order_by("tenant")
        return rows.values_list("tenant", flat=True).first() or ""

    def _locked(self, rows: QuerySet[Run]) -> QuerySet[Run]:
        features = self.connection.features
        if not features.has_select_for_update:
            return rows
        return rows.select_for_update(skip_locked=features.has_select_for_update_skip_locked)

    def _crashes(self) -> Case:
        progress = Step.objects.filter(run=OuterRef("pk"), by=OuterRef("claim"))
        lost = Q(status=RunStatus.RUNNING)
        return Case(
            When(lost & Exists(progress), then=Value(1)),
            When(lost, then=F("crashes") + 1),
            When(~Q(reason=""), then=F("crashes")),  # it rested, and has not got on
            default=Value(0),
            output_field=SmallIntegerField(),
        )

    @retried
    def release(
        self, run: RunClaim, delay: float = 0.0, *, status: str = RunStatus.QUEUED, reason: str = ""
    ) -> bool:
        """Give the run back, due in `delay` seconds, or now if it was woken meanwhile."""
        due = Case(
            When(wake__gt=0, then=database_now()),
            default=database_in(delay),
            output_field=DateTimeField(),
        )
        return bool(
            self.held(run).update(status=status, owner=None, due_at=due, reason=reason[:500])
        )

    @retried
    def begin_wave(self, run: RunClaim) -> int:
        """Count a wave of which nothing is planned; return its number.

        Raises:
            Fenced: the run is no longer held.
        """
        wave = run.wave + 1
        if not self.held(run).filter(wave__in=(run.wave, wave)).update(wave=wave):
            raise Fenced
        return wave

    @retried
    def park(self, run: RunClaim) -> bool:
        """Rest until planned steps make the run due; False if they have done so already.

        Raises:
            Fenced: the run is no longer held.
        """
        if self._park(run):
            return True
        if self.held(run).exists():
            return False
        # A repeat may find its own work done, and even undone by a wake-up.
        if self.rows.filter(pk=run.id, claim=run.claim, owner=None, ended=None).exists():
            return True
        raise Fenced

    def _park(self, run: RunClaim) -> bool:
        parked = self.held(run).filter(pending__gt=0, wake=0)
        return parked.update(status=RunStatus.WAITING, owner=None, due_at=None) == 1

    @retried
    def retry(
        self,
        run: RunClaim,
        failure: Failure,
        attempt: int,
        delay: float,
        *,
        retries: int | None = None,
    ) -> bool:
        """Record a failed attempt of the code between steps; the run is due in `delay` seconds.

        Returns:
            False if the run is no longer held.
        """
        with transaction.atomic(self.alias):
            updated = self.held(run).update(
                status=RunStatus.QUEUED,
                owner=None,
                attempt=attempt + 1,
                due_at=database_in(delay),
            )
            if updated:
                note_attempt(self.alias, run.id, failure, attempt, retries=retries)
        return bool(updated)

    @retried
    def settle_attempt(self, run: RunClaim) -> None:
        """A step was recorded, so the tries of the code before it no longer count."""
        self.held(run).update(attempt=0)

    @retried
    def finish(
        self,
        run: RunClaim,
        status: str,
        *,
        output: str | None = None,
        failure: Failure | None = None,
        attempt: int = 0,
        close_steps: bool = False,
        though_released: bool = False,
    ) -> bool:
        """End the run; False if somebody else has decided.

        With `though_released` also one that was given back, if nobody has taken it since.
        """
        mine = self.rows.filter(pk=run.id, claim=run.claim, ended=None)
        large = is_large(output)
        with transaction.atomic(self.alias):
            if close_steps:
                self._close_steps(run.id)  # steps before their run, as in a flush
            ended = (mine if though_released else self.held(run)).update(
                status=status,
                owner=None,
                due_at=None,
                deadline=None,
                pending=0,
                output=None if large else output,
                large=large,
                error=None if failure is None else error_text(failure),
                ended=database_now(),
            )
            if ended and large:
                Blob.objects.using(self.alias).create(run_id=run.id, key="", body=output or "")
            if ended and failure is not None and not failure.is_of_step:
                note_attempt(self.alias, run.id, failure, attempt)
            if not ended:
                transaction.set_rollback(True, using=self.alias)
        return bool(ended)

    @retried
    def note_version(self, run: RunClaim, version: str) -> None:
        """Say which version of its function the run was started with."""
        self.held(run).update(version=version)

    @retried
    def count_pending(self, run: RunClaim) -> int:
        """Return the number of planned steps that are not final.

        Raises:
            Fenced: the run is no longer held.
        """
        pending = self.held(run).values_list("pending", flat=True).first()
        if pending is None:
            raise Fenced
        return pending


def _deadline(new: NewRun) -> Any:
    if new.start_within is None:
        return None
    span = timedelta(seconds=new.start_within)
    return database_in(new.start_within) if new.due_at is None else new.due_at + span
