"""Durable workflows for Django: functions made of steps that survive whatever happens to the process."""

from __future__ import annotations

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
from durable.authoring.step import Step, StepSync
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.client import Client, default
from durable.errors import (
    DurableError,
    EventInvalidError,
    LimitExceededError,
    NonRetriableError,
    OutputUnserializableError,
    RetryAfterError,
    StepError,
)
from durable.replay.request import ParallelMode

create_function = default.create_function
send = default.send
asend = default.asend

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
    "Singleton",
    "Step",
    "StepError",
    "StepSync",
    "Throttle",
    "Timeouts",
    "TriggerCron",
    "TriggerEvent",
    "asend",
    "create_function",
    "send",
]
