"""One remembered piece of a run, known by its key."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from durable import codec
from durable.models.index import OpenIndex
from durable.models.run import Run
from durable.models.status import OPEN_STEP, StepStatus


class Step(models.Model):
    """A step run in place is one INSERT. A planned one is pending first, and claimed like a run."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        Run, models.CASCADE, related_name="steps", db_index=False, verbose_name=_("run")
    )
    key = models.CharField(max_length=40, editable=False)
    name = models.CharField(_("step"), max_length=255)
    index = models.IntegerField(_("repeat"), default=0)  # nth use of the name, in its branch
    branch = models.CharField(_("branch"), max_length=120, blank=True)  # "" or a path, "2.0"
    # In which group of several in a row the branches are, as a path, "0.1"; NULL in the first of each.
    group = models.CharField(max_length=60, null=True, editable=False)
    op = models.CharField(_("kind"), max_length=10, default="run")
    wave = models.IntegerField(default=0)  # plans made before the step was recorded
    mode = models.CharField(_("parallel mode"), max_length=4, blank=True)  # "wait", "race", ""
    status = models.CharField(_("status"), max_length=10, choices=StepStatus.choices)
    due_at = models.DateTimeField(_("due"), null=True)
    claim = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=120, null=True)
    attempt = models.SmallIntegerField(_("attempt"), default=0)
    crashes = models.SmallIntegerField(default=0)
    given = models.TextField(
        _("arguments"), null=True
    )  # a JSON list, or an object that says why not
    output = models.TextField(_("output"), null=True)
    error = models.TextField(_("error"), null=True)
    large = models.BooleanField(default=False)  # the output is in a Blob
    planned = models.DateTimeField(_("planned"), null=True)  # NULL for one that ran in place
    started = models.DateTimeField(_("started"), null=True)
    ended = models.DateTimeField(_("ended"), null=True)
    by = models.BigIntegerField(null=True)  # claim of the run under which it was recorded

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        indexes = [
            # The claim: what is due, oldest first.
            OpenIndex(
                fields=["due_at"], where=Q(due_at__isnull=False), name="durable_step_due_idx"
            ),
            # Open steps of one run: its claim within a wave, and the repair of a lost join.
            OpenIndex(
                fields=["run", "status"],
                where=Q(status__in=OPEN_STEP),
                name="durable_step_open_idx",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="durable_step_once_per_run"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STEP) | Q(due_at__isnull=True, owner__isnull=True),
                name="durable_step_final_not_due",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name a person reads: the id, and which repetition of it."""
        return f"{self.name}:{self.index}" if self.index else self.name

    @property
    def result(self) -> Any:
        """The decoded output, None while there is none."""
        text = self.run.blobs.get(key=self.key).body if self.large else self.output
        return None if text is None else codec.decode(text)

    @property
    def failure(self) -> dict[str, str] | None:
        """The decoded error: code, name, message, stack."""
        return None if self.error is None else codec.decode(self.error)
