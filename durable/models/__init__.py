"""What is true: the rows of durable. Hot rows move only through `durable.store`."""

from __future__ import annotations

from durable.models.attempt import Attempt
from durable.models.blob import Blob
from durable.models.event import Event
from durable.models.key import Key
from durable.models.operation import Operation
from durable.models.run import Run
from durable.models.schedule import Schedule
from durable.models.status import RunStatus, StepStatus
from durable.models.step import Step
from durable.models.wait import Wait, WaitPath
from durable.models.worker import Worker

__all__ = [
    "Attempt",
    "Blob",
    "Event",
    "Key",
    "Operation",
    "Run",
    "RunStatus",
    "Schedule",
    "Step",
    "StepStatus",
    "Wait",
    "WaitPath",
    "Worker",
]
