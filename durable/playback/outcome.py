"""What one call of the function came to: a closed set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from durable.playback.failure import Failure
from durable.playback.interrupt import Interrupt


@dataclass(frozen=True, slots=True)
class Finished:
    """The function returned."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised, or was misused."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The call ended early, by this signal."""

    signal: Interrupt


Outcome = Finished | Raised | Interrupted
