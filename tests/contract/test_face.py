"""What `import durable` promises: exactly this, and all of it."""

from __future__ import annotations

import durable

PROMISED = [
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


def test_the_face_lists_what_is_promised() -> None:
    assert sorted(durable.__all__) == PROMISED


def test_everything_promised_is_there() -> None:
    assert [name for name in PROMISED if not hasattr(durable, name)] == []
