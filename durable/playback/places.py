"""The order of coroutines that asyncio makes tasks of in the order of a set.

`asyncio.as_completed` does so. Coroutines have no order of their own but their addresses, which
differ in every call of the function; the list that the code gave has one.
"""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

_DEPTH = 8  # frames between the making of a task and the call


class Places:
    """How far from its turn each coroutine is made a task."""

    def __init__(self) -> None:
        self._given: object = None  # what as_completed was called with last
        self._made = 0  # tasks made of it

    def of(self, coro: Any) -> int:
        """Return by how much later than this one the coroutine stands in its list; 0 if in none."""
        frame: FrameType | None = sys._getframe(1)
        for _ in range(_DEPTH):
            frame = frame.f_back if frame else None
            if frame is not None and frame.f_code is asyncio.as_completed.__code__:
                given = frame.f_locals.get("fs")
                return self._in(given, coro) if isinstance(given, list | tuple) else 0
        return 0

    def _in(self, given: list[Any] | tuple[Any, ...], coro: Any) -> int:
        if given is not self._given:
            self._given, self._made = given, 0
        turn = self._made
        self._made += 1
        tasks = [one for one in given if asyncio.iscoroutine(one)]
        return next((place for place, one in enumerate(tasks) if one is coro), turn) - turn
