"""What is true: the rows of durable. Hot rows move only through `durable.store`."""

from __future__ import annotations

from durable.models.attempt import Attempt
from durable.models.blob import Blob
from durable.models.event import Event
from durable.models.function import FunctionConfig
from durable.models.key import Key
from durable.models.operation import Operation
from durable.models.receipt import Receipt
from durable.models.rollup import EndTally, FailureTally, Rollup, RunTally, TimeTally
from durable.models.run import Run
from durable.models.schedule import Schedule
from durable.models.status import RunStatus, StepStatus
from durable.models.step import Step
from durable.models.wait import Delivery, Wait, WaitPath
from durable.models.worker import Worker

__all__ = [
    "Attempt",
    "Blob",
    "Delivery",
    "EndTally",
    "Event",
    "FailureTally",
    "FunctionConfig",
    "Key",
    "Operation",
    "Receipt",
    "Rollup",
    "Run",
    "RunStatus",
    "RunTally",
    "Schedule",
    "Step",
    "StepStatus",
    "TimeTally",
    "Wait",
    "WaitPath",
    "Worker",
]
