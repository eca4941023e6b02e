"""A finished step, as the replay sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from durable import codec
from durable.errors import StepError
from durable.playback.failure import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """Either the JSON text of a result, or the failure that was final."""

    key: str
    branch: str = ""
    output: str | None = None
    failure: Failure | None = None

    def value(self) -> Any:
        """Return the result, decoded afresh at each look.

        Raises:
            StepError: the step failed for good.
        """
        self.checked()
        return None if self.output is None else codec.decode(self.output)

    def checked(self) -> Memo:
        """Return the memo itself, of a step that returned.

        Raises:
            StepError: the step failed for good.
        """
        if self.failure is not None:
            failure = self.failure
            raise StepError(failure.message, failure.name, failure.stack, failure.step_code)
        return self

    @property
    def size(self) -> int:
        """Bytes of the stored result."""
        text = self.output or ""
        return len(text) if text.isascii() else len(text.encode())
