"""One life of one function for one event."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from durable import codec
from durable.ids import new_id
from durable.models.event import Event
from durable.models.exact import ExactCharField
from durable.models.index import KnownUnique, OpenIndex, PartialIndex
from durable.models.status import FINAL_RUN, RunStatus

_IS_FINAL = Q(status__in=FINAL_RUN)


class Run(models.Model):
    """A row is claimable when `due_at` is past by the database's clock; claiming moves it to the end
    of the lease and adds one to `claim`, the fencing token every later write must name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    function = models.CharField(_("function"), max_length=200)
    # Without an index of its own: a constraint below begins with it.
    event = models.ForeignKey(
        Event,
        models.PROTECT,
        null=True,
        related_name="runs",
        db_index=False,
        verbose_name=_("event"),
    )
    # As its event has them; "" for none.
    tenant = ExactCharField(_("tenant"), max_length=128, blank=True, default="")
    subject = ExactCharField(_("subject"), max_length=200, blank=True, default="")
    status = models.CharField(
        _("status"), max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED
    )
    due_at = models.DateTimeField(_("due"), null=True)
    deadline = models.DateTimeField(_("deadline"), null=True)  # to be started, then to be finished
    claim = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=120, null=True)
    wake = models.IntegerField(default=0)  # wake-ups since the run was last driven
    pending = models.IntegerField(_("steps pending"), default=0)  # open planned steps
    wave = models.IntegerField(default=0)  # parallel plans made so far
    attempt = models.SmallIntegerField(_("attempt"), default=0)  # of the code between two steps
    crashes = models.SmallIntegerField(default=0)  # workers lost since the last recorded step
    reason = models.CharField(_("why it is not moving"), max_length=500, blank=True)
    output = models.TextField(_("output"), null=True)
    error = models.TextField(_("error"), null=True)
    large = models.BooleanField(default=False)  # the output is in a Blob
    created = models.DateTimeField(_("created"))
    started = models.DateTimeField(_("started"), null=True)
    ended = models.DateTimeField(_("ended"), null=True)
    erased = models.DateTimeField(_("payloads erased"), null=True)
    dedupe_key = models.CharField(max_length=64, null=True, editable=False)
    # Who is invoked outlives who invoked it: runs are deleted one by one, in any order.
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="children",
        db_index=False,
        verbose_name=_("invoked by"),
    )
    parent_key = models.CharField(max_length=40, blank=True, editable=False)  # of its step
    # With fan-out: which step of its parent this run does; "" for a run of the whole function.
    step = models.CharField(_("step"), max_length=270, blank=True, editable=False)
    version = models.CharField(
        _("version"), max_length=64, blank=True, editable=False
    )  # at its start
    trace = models.CharField(max_length=55, blank=True, editable=False)  # of its last stint
    replay = models.IntegerField(default=0)  # nth repetition for the event, 0 for the first run
    replay_of = models.UUIDField(_("replay of"), null=True, editable=False)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        permissions = [
            ("view_payload", _("Can see payloads, error messages and tracebacks")),
            ("cancel_run", _("Can cancel runs")),
            ("retry_run", _("Can retry runs from the step that failed")),
            ("replay_run", _("Can replay runs, also with other input")),
            ("skip_run", _("Can skip sleeps of runs")),
            ("signal_run", _("Can deliver events to runs that wait")),
            ("erase_run", _("Can erase payloads of runs")),
        ]
        indexes = [
            # The claim: what is due, oldest first.
            OpenIndex(fields=["due_at"], where=Q(due_at__isnull=False), name="durable_run_due_idx"),
            # The claim in turn: the next tenant, and what is due of it, oldest first.
            OpenIndex(
                fields=["tenant", "due_at"],
                where=Q(tenant__gt="", due_at__isnull=False),
                name="durable_run_turn_idx",
            ),
            # The sweep: what has run out of time.
            OpenIndex(
                fields=["deadline"],
                where=Q(deadline__isnull=False),
                name="durable_run_deadline_idx",
            ),
            # Lists by status, by function, and by both, newest first.
            OpenIndex(
                fields=["status", "id"],
                where=~Q(status=RunStatus.COMPLETED),
                name="durable_run_status_idx",
            ),
            models.Index(fields=["function", "id"], name="durable_run_newest_idx"),
            models.Index(fields=["function", "status", "id"], name="durable_run_function_idx"),
            # What has ended since: the rollup, and what is old enough to go.
            OpenIndex(fields=["ended"], where=Q(ended__isnull=False), name="durable_run_ended_idx"),
            # Lists of a tenant, and of an object of the site, newest first.
            OpenIndex(fields=["tenant", "id"], where=~Q(tenant=""), name="durable_run_tenant_idx"),
            OpenIndex(
                fields=["subject", "id"], where=~Q(subject=""), name="durable_run_subject_idx"
            ),
            # What a run invoked.
            OpenIndex(
                fields=["parent", "parent_key"],
                where=Q(parent__isnull=False),
                name="durable_run_parent_idx",
            ),
            # Lists of what any run invoked, newest first.
            PartialIndex(
                fields=["id"], where=Q(parent__isnull=False), name="durable_run_child_idx"
            ),
        ]
        constraints = [
            KnownUnique(field="dedupe_key", name="durable_run_once_per_key"),
            models.UniqueConstraint(
                fields=["event", "function", "replay"], name="durable_run_once_per_event"
            ),
            models.CheckConstraint(
                condition=(_IS_FINAL & Q(ended__isnull=False))
                | (~_IS_FINAL & Q(ended__isnull=True)),
                name="durable_run_final_has_end",
            ),
            models.CheckConstraint(
                condition=~_IS_FINAL | Q(due_at__isnull=True, deadline__isnull=True),
                name="durable_run_final_not_due",
            ),
            models.CheckConstraint(
                condition=(Q(status=RunStatus.RUNNING) & Q(owner__isnull=False))
                | (~Q(status=RunStatus.RUNNING) & Q(owner__isnull=True)),
                name="durable_run_running_is_owned",
            ),
            models.CheckConstraint(condition=Q(pending__gte=0), name="durable_run_pending_gte_0"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.id}"

    @property
    def title(self) -> str:
        """The function, and the step of it that the run does if that is all."""
        return f"{self.function} / {self.step}" if self.step else self.function

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.status in FINAL_RUN

    @property
    def result(self) -> Any:
        """The decoded output, None while there is none."""
        text = self.blobs.get(key="").body if self.large else self.output
        return None if text is None else codec.decode(text)

    @property
    def failure(self) -> dict[str, str] | None:
        """The decoded error: code, name, message, stack."""
        return None if self.error is None else codec.decode(self.error)
