"""What makes a function start."""

from __future__ import annotations

from dataclasses import dataclass

from durable.authoring.argument import expect
from durable.errors import FunctionConfigInvalidError


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerEvent:
    """Start on events of this name.

    Args:
        event: a name, or a beginning that ends in `/*` or `.*` ("shop/*" matches "shop/order.paid").
        expression: a condition on the event.
    """

    event: str
    expression: str | None = None

    def __post_init__(self) -> None:
        expect("TriggerEvent", "event", self.event, str)
        expect("TriggerEvent", "expression", self.expression, str, type(None))
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
        """Say whether an event of this name starts the function."""
        return name.startswith(self.event[:-1]) if self.is_wildcard else name == self.event


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCron:
    """Start at the times of a cron line.

    Args:
        cron: five fields, with an optional time zone in front: "TZ=Europe/Berlin 30 1 * * *".
        jitter: delay each start by up to this much, "1s" to "5m".
    """

    cron: str
    jitter: str | None = None

    def __post_init__(self) -> None:
        expect("TriggerCron", "cron", self.cron, str)
        expect("TriggerCron", "jitter", self.jitter, str, type(None))


Trigger = TriggerEvent | TriggerCron
