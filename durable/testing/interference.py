"""What a test does to steps: stubs and kills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from durable import clock, wake
from durable.authoring.function import Function
from durable.engine import rehearsal
from durable.testing.clocks import is_moved
from durable.testing.kill import POINTS, Kill, Point
from durable.testing.script import Script
from durable.testing.stub import Body, Stub, raising, returning
from durable.wake.seam import Silence

_UNGIVEN: Any = object()


class Interference:
    """Stubs and kills, in force while the object is in use."""

    def __init__(self) -> None:
        self._script = Script()

    @contextmanager
    def _in_force(self) -> Iterator[None]:
        """Have steps obey, clocks be movable, and workers elsewhere not be woken."""
        with clock.ruled(is_moved), wake.use(Silence()), rehearsal.use(self._script):
            yield

    def stub_step(
        self,
        step: str,
        *,
        returns: Any = _UNGIVEN,
        raises: BaseException | type[BaseException] | None = None,
        call: Body | None = None,
        function: Function | str | None = None,
    ) -> Stub:
        """Put something in the place of a step, of any kind: its body does not run, nothing is waited for.

        What comes of it is recorded like the step's own result; what it raises is tried again like the
        step's own error. A later stub of the same step takes the place of an earlier one.

        Args:
            step: its id; "id:1" for the first repetition only. One in a parallel branch, too.
            returns: a result; None for `wait_for_event` is a time-out, a `durable.Event` what came.
            raises: an error, each time.
            call: a function to be called with the arguments of the step's body; without any when the
                step has none. May be `async def` where the step's function is.
            function: the only function in which it counts; in all if left out.

        Returns:
            The stub, whose `calls` are the arguments of each call so far.

        Raises:
            TypeError: more than one of returns, raises and call was given.
        """
        if (returns is not _UNGIVEN) + (raises is not None) + (call is not None) > 1:
            raise TypeError("stub_step takes one of returns, raises and call, not several")
        if raises is not None:
            call = raising(raises)
        body = call or returning(None if returns is _UNGIVEN else returns)
        stub = Stub(step=step, function=_id(function), call=body)
        self._script.stubs.append(stub)
        return stub

    def kill_after(
        self, step: str, *, point: Point = "before_record", function: Function | str | None = None
    ) -> Kill:
        """Have the worker die when it next comes to a step, once: as if killed, it gives nothing back.

        The work is taken over when its lease has passed (30 seconds, by `DURABLE["LEASE"]`), so go on
        with `settle(through="1m")`.

        Args:
            step: its id. A kind without a body, like sleep, has no point at which a worker is at it.
            point: "before_body"; "before_record", when the body has returned or raised; "after_record".
            function: the only function in which it counts; in all if left out.

        Returns:
            The kill, which says whether it `has_happened`.
        """
        if point not in POINTS:
            raise TypeError(f"point must be one of {', '.join(POINTS)}, not {point!r}")
        kill = Kill(step=step, point=point, function=_id(function))
        self._script.kills.append(kill)
        return kill


def _id(function: Function | str | None) -> str | None:
    return function.id if isinstance(function, Function) else function
