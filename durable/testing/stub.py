"""A stand-in for a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from durable.authoring.event import Event
from durable.playback.body import is_coroutine_function
from durable.playback.request import EventWait, Request, What, Work

Body = Callable[..., Any]


@dataclass(slots=True, kw_only=True)
class Stub:
    """What runs instead of a step's body, or of what a step waits for.

    Args:
        step: id of the step.
        function: id of the only function in which it counts, or None.
        call: what runs.
        calls: the arguments of each call so far. A step without a body is called without any.
    """

    step: str
    function: str | None
    call: Body
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def is_for(self, function: str, request: Request) -> bool:
        """Whether a step call is the one it stands in for."""
        is_named = self.step in (request.name, request.title)
        return is_named and self.function in (None, function)

    def instead_of(self, request: Request) -> Request:
        """Return the step call with the stub as its body."""
        what = request.what
        if isinstance(what, Work):
            return replace(request, what=replace(what, call=self._body()))
        return replace(request, what=in_place_of(what, self._body()))

    def _body(self) -> Body:
        async def awaited(*args: Any) -> Any:
            self.calls.append(args)
            return storable(await self.call(*args))

        def called(*args: Any) -> Any:
            self.calls.append(args)
            return storable(self.call(*args))

        return awaited if is_coroutine_function(self.call) else called


def in_place_of(what: What, body: Body) -> Work:
    """Return work whose result the author gets as that of a step of another kind."""
    read = what.read if isinstance(what, Work | EventWait) else None
    return Work(body, op="stub", read=read, output_type=what.output_type)


def storable(value: Any) -> Any:
    """Return a value as a step would have recorded it: events, which waits give, are dicts there."""
    return value.as_dict() if isinstance(value, Event) else value


def returning(value: Any) -> Body:
    """Return a body that returns a value."""
    return lambda *args: value


def raising(error: BaseException | type[BaseException]) -> Body:
    """Return a body that raises."""

    def fail(*args: Any) -> Any:
        raise error

    return fail
