"""How much of payloads who makes a request may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from durable.models import Key
from durable.operations.redact import is_hidden, redacted
from durable.operations.restore import restored, whole
from durable.rest.permissions import allows
from durable.secret import HIDDEN

PAYLOADS = "payloads.read"


@dataclass(frozen=True, slots=True)
class Visibility:
    """People see what they would see in the admin; programs, which act on it, see all of it."""

    is_open: bool  # payloads at all
    is_person: bool = False

    def payload(self, function: str, value: Any) -> Any:
        """Return a payload of a function as it may be seen."""
        if not self.is_person:
            return value
        return HIDDEN if is_hidden(function) else redacted(value)

    def meant(self, function: str, written: Any, original: Any) -> Any:
        """Return what was written by who was shown an original, with what was hidden in it put back.

        Raises:
            EventInvalidError: something is still hidden, and what belongs there is not sure.
        """
        if not self.is_person:
            return written
        is_shown = self.is_open and not is_hidden(function)
        return restored(written, original) if is_shown else whole(written)

    def hears(self, function: str) -> bool:
        """Say whether what errors of a function say may be seen."""
        return self.is_open and not (self.is_person and is_hidden(function))


CLOSED = Visibility(is_open=False)


def visibility_of(request: Request) -> Visibility:
    """Return what who makes a request may see."""
    return Visibility(allows(request, PAYLOADS), is_person=not isinstance(request.auth, Key))
