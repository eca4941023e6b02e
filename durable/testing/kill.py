"""A worker that dies at a step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from durable.errors import StepMisuseError
from durable.playback.body import is_coroutine_function
from durable.playback.interrupt import Halted
from durable.playback.request import Request, Work

Point = Literal["before_body", "before_record", "after_record"]
POINTS: tuple[Point, ...] = ("before_body", "before_record", "after_record")


class WorkerKilled(KeyboardInterrupt):
    """The worker is gone: nothing that it held is recorded or given back.

    Nothing in the engine catches the end of the process, which is what a KeyboardInterrupt stands for.
    """


@dataclass(slots=True, kw_only=True)
class Kill:
    """Where the next worker dies, once.

    Args:
        step: id of the step.
        point: where in it.
        function: id of the only function in which it counts, or None.
        has_happened: whether a worker has died there.
    """

    step: str
    point: Point
    function: str | None
    has_happened: bool = False

    def is_for(self, function: str, request: Request) -> bool:
        """Whether a step call is the one at which to die."""
        is_named = self.step in (request.name, request.title)
        return not self.has_happened and is_named and self.function in (None, function)

    def armed(self, request: Request) -> Request:
        """Return the step call with a body that dies, if that is where to do so."""
        what = request.what
        if not isinstance(what, Work):
            raise Halted(
                StepMisuseError(
                    f"kill_after: step {request.title!r} is a {request.op}. It has no body, so no "
                    "worker is at it that could be killed."
                )
            )
        if self.point == "after_record":
            return request
        return replace(request, what=replace(what, call=self._body(what.call)))

    def strike(self) -> None:
        """End the worker."""
        self.has_happened = True
        raise WorkerKilled(f"at step {self.step!r}, {self.point}")

    def _body(self, call: Callable[..., Any]) -> Callable[..., Any]:
        # Who dies before it records does so whatever the body came to.
        async def awaited(*args: Any) -> None:
            if self.point == "before_record":
                with suppress(Exception):
                    await call(*args)
            self.strike()

        def called(*args: Any) -> None:
            if self.point == "before_record":
                with suppress(Exception):
                    call(*args)
            self.strike()

        return awaited if is_coroutine_function(call) else called
