"""What makes a function start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from durable.authoring.argument import expect
from durable.authoring.cron import Cron, read
from durable.authoring.event import RESERVED
from durable.errors import FunctionConfigInvalidError
from durable.expressions.expression import TRIGGER, parse

_JITTER = re.compile(r"(?:([0-9]{1,4})m)?(?:([0-9]{1,4})s)?")
_LEAST, _MOST = timedelta(seconds=1), timedelta(minutes=5)
_TOO_MANY = 300_001  # milliseconds; an int may be too large for a timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerEvent:
    """Start on events of this name.

    Args:
        event: a name, or a beginning that ends in `/*` or `.*` ("shop/*" matches "shop/order.paid").
        expression: a condition on `event`, its name, data, id and ts: "event.data.amount > 100".
        example: data of such an event, with which forms of the admin are filled in until one came.
    """

    event: str
    expression: str | None = None
    example: Mapping[str, Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        expect("TriggerEvent", "event", self.event, str)
        expect("TriggerEvent", "expression", self.expression, str, type(None))
        expect("TriggerEvent", "example", self.example, dict, type(None))
        if not self.event or len(self.event) > 256:
            raise FunctionConfigInvalidError(
                f"TriggerEvent: event must have 1 to 256 characters, not {len(self.event)}."
            )
        is_suffix = self.event.endswith(("/*", ".*")) or self.event == "*"
        if "*" in self.event[:-1] or (self.event.endswith("*") and not is_suffix):
            raise FunctionConfigInvalidError(
                f"TriggerEvent: event {self.event!r} may hold one *, as its last character, "
                "behind a / or a dot."
            )

    @property
    def is_wildcard(self) -> bool:
        """Whether the trigger matches more than one name."""
        return self.event.endswith("*")

    def matches(self, name: str) -> bool:
        """Say whether an event of this name starts the function; a bare * means those that users send."""
        if self.event == "*" and name.startswith(RESERVED):
            return False
        return name.startswith(self.event[:-1]) if self.is_wildcard else name == self.event

    def admits(self, event: Mapping[str, Any]) -> bool:
        """Say whether the expression, if there is one, holds for an event of a matching name.

        Raises:
            ExpressionFailedError: it cannot be computed with the event's values.
        """
        if self.expression is None:
            return True
        return parse(self.expression, roots=TRIGGER).holds({"event": event})


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCron:
    """Start at the times of a cron line.

    Args:
        cron: minute, hour, day of month, month, day of week, or one of @hourly, @daily, @weekly,
            @monthly, @yearly; with an optional time zone in front: "TZ=Europe/Berlin 30 1 * * *".
            Without one, the site's `TIME_ZONE` is meant.
        jitter: delay each start by up to this much, 1 second to 5 minutes: "30s", "1m30s", a
            timedelta, or milliseconds.
    """

    cron: str
    jitter: str | int | timedelta | None = None
    line: Cron = field(init=False, repr=False, compare=False)  # what was read of `cron`

    def __post_init__(self) -> None:
        expect("TriggerCron", "cron", self.cron, str)
        expect("TriggerCron", "jitter", self.jitter, str, int, timedelta, type(None))
        if self.jitter is not None and not _LEAST <= self.longest_delay <= _MOST:
            raise FunctionConfigInvalidError(
                'TriggerCron: jitter must be from "1s" to "5m" (or a timedelta, or milliseconds), '
                f"not {self.jitter!r}."
            )
        try:
            object.__setattr__(self, "line", read(self.cron))
        except ValueError as error:
            raise FunctionConfigInvalidError(f"TriggerCron: cron {self.cron!r} {error}.") from None

    @property
    def longest_delay(self) -> timedelta:
        """The jitter; none if it is not one that can be read."""
        if isinstance(self.jitter, timedelta):
            return self.jitter
        if isinstance(self.jitter, int):
            return timedelta(milliseconds=max(0, min(self.jitter, _TOO_MANY)))
        found = _JITTER.fullmatch(self.jitter or "")
        minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0)
        return timedelta(minutes=minutes, seconds=seconds)


Trigger = TriggerEvent | TriggerCron
