"""A run as application code sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """A run, as it was when it was looked at.

    Args:
        id: its id.
        function: the id of its function.
        status: queued, running, waiting, completed, failed or cancelled.
        event_id: of the stored event that started it.
        result: what the function returned, when it has completed.
        error: code, name, message and stack, when it has failed.
        reason: why it is not moving, or why it was cancelled; else empty.
        created: when it was made.
        started: when a worker first took it up.
        ended: when it ended.
        replay_of: the id of the run it repeats, if it does.
    """

    id: str
    function: str
    status: str
    event_id: str | None
    result: Any
    error: Mapping[str, str] | None
    reason: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    replay_of: str | None
