"""Durable workflows for Django: functions made of steps that survive whatever happens to the process."""

from __future__ import annotations

from durable.authoring.async_step import Step
from durable.authoring.context import Context, ContextSync
from durable.authoring.event import Event
from durable.authoring.flow import (
    Batch,
    Cancel,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Singleton,
    Throttle,
    Timeouts,
)
from durable.authoring.function import Function
from durable.authoring.run import RunInfo
from durable.authoring.step import StepSync
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.client import Client, default
from durable.errors import (
    DurableError,
    EventInvalidError,
    LimitExceededError,
    NonRetriableError,
    OutputUnserializableError,
    RetryAfterError,
    RunCancelledError,
    RunFailedError,
    RunNotFoundError,
    StepError,
)
from durable.playback.request import ParallelMode

create_function = default.create_function
send = default.send
asend = default.asend
cancel = default.cancel
acancel = default.acancel
get_run = default.get_run
aget_run = default.aget_run
result = default.result
aresult = default.aresult
retry = default.retry
aretry = default.aretry
replay = default.replay
areplay = default.areplay

__all__ = [
    "Batch",
    "Cancel",
    "Client",
    "Concurrency",
    "Context",
    "ContextSync",
    "Debounce",
    "DurableError",
    "Event",
    "EventInvalidError",
    "Function",
    "LimitExceededError",
    "NonRetriableError",
    "OutputUnserializableError",
    "ParallelMode",
    "Priority",
    "RateLimit",
    "RetryAfterError",
    "RunCancelledError",
    "RunFailedError",
    "RunInfo",
    "RunNotFoundError",
    "Singleton",
    "Step",
    "StepError",
    "StepSync",
    "Throttle",
    "Timeouts",
    "TriggerCron",
    "TriggerEvent",
    "acancel",
    "aget_run",
    "areplay",
    "aresult",
    "aretry",
    "asend",
    "cancel",
    "create_function",
    "get_run",
    "replay",
    "result",
    "retry",
    "send",
]
