"""An awaitable step: a coroutine that knows whether anybody awaited it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from durable.errors import StepMisuseError

T = TypeVar("T")


class StepCall(Coroutine[Any, Any, T]):
    """What an async step returns. Usable wherever a coroutine is: await, gather, tasks, task groups.

    Args:
        title: what it is called in an error: "Step 'a'", "group.race".
        start: begins it.
        number: of the call of the step among those of this call of the function.
    """

    def __init__(
        self, title: str, start: Callable[[], Coroutine[Any, Any, T]], number: int = 0
    ) -> None:
        self.title = title
        self.number = number
        self._start = start
        self._inner: Coroutine[Any, Any, T] | None = None

    def __hash__(self) -> int:
        """Have sets, of which asyncio makes tasks, list steps in the same order in every call."""
        return self.number

    @property
    def is_begun(self) -> bool:
        """Whether it was awaited, or closed by a task that was cancelled first."""
        return self._inner is not None

    def __await__(self) -> Generator[Any, Any, T]:
        if self._inner is not None:
            raise StepMisuseError(
                f"{self.title} was awaited twice. Await it once and keep the result."
            )
        return self._begin().__await__()

    def send(self, value: Any, /) -> Any:
        """Go on, as a coroutine does."""
        return self._begin().send(value)

    def throw(self, *error: Any) -> Any:
        """Raise at the point of suspension, as a coroutine does."""
        return self._begin().throw(*error)

    def close(self) -> None:
        """End it, as a coroutine does."""
        self._begin().close()

    def _begin(self) -> Coroutine[Any, Any, T]:
        if self._inner is None:
            self._inner = self._start()
        return self._inner
