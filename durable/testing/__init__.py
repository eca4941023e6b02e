"""The kit for tests of workflows: run them in the test, move time, put stubs in, look at what happened.

Nothing of Django is imported before a name is used: pytest loads its plugin in every project that has
this package installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from durable.testing.info import RunInfo, StepInfo
    from durable.testing.kill import Kill
    from durable.testing.mixin import WorkflowTestMixin
    from durable.testing.replaying import replay_test
    from durable.testing.stub import Stub
    from durable.testing.threads import InProcessWorker
    from durable.testing.workflows import Workflows

__all__ = [
    "InProcessWorker",
    "Kill",
    "RunInfo",
    "StepInfo",
    "Stub",
    "WorkflowTestMixin",
    "Workflows",
    "replay_test",
]

_HOMES = {
    "InProcessWorker": "threads",
    "Kill": "kill",
    "RunInfo": "info",
    "StepInfo": "info",
    "Stub": "stub",
    "WorkflowTestMixin": "mixin",
    "Workflows": "workflows",
    "replay_test": "replaying",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
