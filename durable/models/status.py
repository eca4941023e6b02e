"""The words for where a run and a step stand, and which of them are final."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RunStatus(TextChoices):
    """queued → running → queued | waiting → running → completed | failed | cancelled."""

    QUEUED = "queued", _("queued")  # due now, or at the time of its retry
    RUNNING = "running", _("running")  # a worker holds its lease
    WAITING = "waiting", _("waiting")  # parked until planned steps or an event make it due
    COMPLETED = "completed", _("completed")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class StepStatus(TextChoices):
    """A planned step: pending → running → done | failed. One run in place is born done or failed."""

    PENDING = "pending", _("pending")  # planned; any worker may claim it when it is due
    RUNNING = "running", _("running")  # a worker holds its lease
    RETRYING = "retrying", _("retrying")  # failed in place; its run comes back for it
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")  # its run ended or went on without it


FINAL_RUN = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)
OPEN_STEP = (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.RETRYING)
