"""The steps of a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, TypeVarTuple, cast, overload

from durable.authoring.group import Group, GroupSync
from durable.errors import StepMisuseError
from durable.replay.call import StepCall
from durable.replay.failure import storable
from durable.replay.service import is_coroutine_function
from durable.replay.tape import Tape

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LONGEST_ID = 255


_LATER = frozenset(
    {"sleep", "sleep_until", "wait_for_event", "send_event", "invoke", "invoke_by_id", "ai", "map"}
)


class _Later:
    """Says of the kinds of steps that are still to come that they are."""

    def __getattr__(self, name: str) -> Any:
        if name in _LATER:
            raise StepMisuseError(f"ctx.step.{name} is not supported in this version.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class StepSync(_Later):
    """`ctx.step` of a sync function."""

    def __init__(self, tape: Tape, group: GroupSync) -> None:
        self._tape = tape
        self.parallel = group.parallel  # the older spelling of ctx.group.parallel

    def run(self, step_id: str, handler: Callable[[*Ts], T], *handler_args: *Ts) -> T:
        """Call `handler` once, and remember what it returned.

        Args:
            step_id: names the step within the run. Repeated ids are counted.
            handler: a plain function; its result must be plain JSON. Use `functools.partial` for
                keyword arguments.
            handler_args: passed to it.

        Returns:
            The result as JSON gives it back: tuples come as lists.

        Raises:
            StepError: the handler failed, and has no tries left.
        """
        _check(step_id, handler)
        if is_coroutine_function(handler):
            raise StepMisuseError(
                f"Step {step_id!r}: the handler is a coroutine function, but the function is not "
                "async. Make the function async def and await the step, or give a plain handler."
            )
        request = self._tape.request(step_id, handler, handler_args)
        return cast(T, self._tape.take(request))


class Step(_Later):
    """`ctx.step` of an async function: the same, awaited."""

    def __init__(self, tape: Tape, group: Group) -> None:
        self._tape = tape
        self.parallel = group.parallel  # the older spelling of ctx.group.parallel

    @overload
    def run(
        self, step_id: str, handler: Callable[[*Ts], Awaitable[T]], *handler_args: *Ts
    ) -> StepCall[T]: ...
    @overload
    def run(self, step_id: str, handler: Callable[[*Ts], T], *handler_args: *Ts) -> StepCall[T]: ...
    def run(self, step_id: str, handler: Callable[[*Ts], Any], *handler_args: *Ts) -> StepCall[Any]:
        """Await `handler` once, and remember what it returned.

        Args:
            step_id: names the step within the run. Repeated ids are counted.
            handler: a coroutine function, or a plain one, which is called outside of the event loop
                and may use the ORM.
            handler_args: passed to it.

        Returns:
            The result as JSON gives it back: tuples come as lists.

        Raises:
            StepError: the handler failed, and has no tries left.
        """
        _check(step_id, handler)
        return self._tape.call(step_id, handler, handler_args)


def _check(step_id: object, handler: object) -> None:
    if not isinstance(step_id, str) or not 0 < len(step_id) <= LONGEST_ID:
        raise StepMisuseError(
            f"A step id must be a string of 1 to {LONGEST_ID} characters, not {step_id!r:.80}."
        )
    if step_id != storable(step_id):
        raise StepMisuseError(f"Step id {step_id!r} holds a NUL character or a lone surrogate.")
    if not callable(handler):
        raise StepMisuseError(
            f"Step {step_id!r}: the handler must be a function, not {handler!r:.80}. "
            f"Write ctx.step.run({step_id!r}, function, argument), without calling the function."
        )
