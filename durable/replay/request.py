"""What a function asks for when it calls a step."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class ParallelMode(enum.StrEnum):
    """How a parallel group moves on.

    WAIT: when all planned steps of the wave have ended. RACE: after each of them.
    """

    WAIT = "wait"
    RACE = "race"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One step call: its identity, and the body to run when there is no memo of it."""

    key: str
    name: str
    index: int
    branch: str
    mode: ParallelMode
    body: Callable[..., Any]
    args: tuple[Any, ...]
    op: str = "run"

    @property
    def title(self) -> str:
        """The step as a person names it, for messages."""
        return f"{self.name}:{self.index}" if self.index else self.name
