"""What is known of a run and its steps besides their rows, for those who look at many."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from durable import codec
from durable.models import Attempt, Step, StepStatus
from durable.models.status import OPEN_STEP

_NAME = re.compile(r'"name":("(?:[^"\\]|\\.)*")')


@dataclass(slots=True)
class Outlook:
    """What is known of a run besides its row."""

    counts: dict[str, int] = field(default_factory=dict)  # its steps, by status
    due: datetime | None = None  # when its next open step may be claimed
    asleep: Counter[str] = field(default_factory=Counter)  # that time or others end, by kind
    event: str = ""  # one of those it waits for
    failed: Attempt | None = None  # its last failed try, while it may be tried again
    silent: float | None = (
        None  # seconds since any worker was seen, if it waits for one in vain; inf if none is known
    )
    why: str = ""  # why it is not moving, or what it failed with

    @property
    def done(self) -> int:
        """Steps that have ended."""
        return self.total - sum(self.counts.get(status, 0) for status in OPEN_STEP)

    @property
    def total(self) -> int:
        """Steps known so far."""
        return sum(self.counts.values())


def name_of_error(start: str | None) -> str:
    """Return what a stored error is called, from its beginning."""
    name = _NAME.search(start or "")
    return str(codec.decode(name[1])) if name else ""


def tries(step: Step) -> int:
    """Return how often a step was begun; `attempt` counts failures that were not its last."""
    waits = step.status in (StepStatus.PENDING, StepStatus.RETRYING)
    return step.attempt + (step.started is not None and not waits)
