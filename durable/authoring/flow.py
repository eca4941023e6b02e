"""Flow control, as declared on a function."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from durable.authoring.argument import expect, expect_duration, expect_expression
from durable.authoring.duration import duration
from durable.errors import FunctionConfigInvalidError
from durable.expressions.expression import CANDIDATE, TRIGGER

Duration = int | timedelta  # milliseconds, or a timedelta


def _expect_choice(where: str, name: str, value: object, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        raise FunctionConfigInvalidError(
            f"{where}: {name} must be one of {choices}, not {value!r}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Start one run for up to `max_size` events for which `if_exp` holds, or after `timeout`."""

    max_size: int
    timeout: Duration | None = None
    key: str | None = None
    if_exp: str | None = None

    def __post_init__(self) -> None:
        expect("Batch", "max_size", self.max_size, int)
        expect_duration("Batch", "timeout", self.timeout)
        expect("Batch", "key", self.key, str, type(None))
        expect_expression("Batch", "if_exp", self.if_exp, TRIGGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Cancel the run when such an event arrives.

    Args:
        event: the name.
        if_exp: a condition on `event`, which started the run, and `async`, which may cancel it.
        timeout: how long after the start it may still be cancelled.
    """

    event: str
    if_exp: str | None = None
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        expect("Cancel", "event", self.event, str)
        expect_expression("Cancel", "if_exp", self.if_exp, CANDIDATE)
        expect_duration("Cancel", "timeout", self.timeout)

    @property
    def seconds(self) -> float | None:
        """How long after its start a run may be cancelled by it; None for as long as it lives."""
        return _seconds(self.timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """Execute at most `limit` steps at a time, per value of `key`."""

    limit: int
    key: str | None = None
    scope: Literal["fn", "env", "account"] | None = None

    def __post_init__(self) -> None:
        expect("Concurrency", "limit", self.limit, int)
        expect("Concurrency", "key", self.key, str, type(None))
        _expect_choice("Concurrency", "scope", self.scope, ("fn", "env", "account", None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """Start when no event of the key has come for `period`, or after `timeout` at the latest."""

    period: Duration
    key: str | None = None
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        expect_duration("Debounce", "period", self.period)
        expect("Debounce", "key", self.key, str, type(None))
        expect_duration("Debounce", "timeout", self.timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """An expression that gives seconds by which a run goes before others."""

    run: str

    def __post_init__(self) -> None:
        expect("Priority", "run", self.run, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Start at most `limit` runs in `period`, per value of `key`; drop the others."""

    limit: int
    period: Duration
    key: str | None = None

    def __post_init__(self) -> None:
        expect("RateLimit", "limit", self.limit, int)
        expect_duration("RateLimit", "period", self.period)
        expect("RateLimit", "key", self.key, str, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Singleton:
    """One run at a time, per value of `key`: skip the new one, or cancel the old."""

    mode: Literal["skip", "cancel"]
    key: str | None = None

    def __post_init__(self) -> None:
        _expect_choice("Singleton", "mode", self.mode, ("skip", "cancel"))
        expect("Singleton", "key", self.key, str, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Start at most `limit` runs in `period`, per value of `key`; the others wait."""

    limit: int
    period: Duration
    key: str | None = None
    burst: int = 1

    def __post_init__(self) -> None:
        expect("Throttle", "limit", self.limit, int)
        expect_duration("Throttle", "period", self.period)
        expect("Throttle", "key", self.key, str, type(None))
        expect("Throttle", "burst", self.burst, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Cancel a run that has not started, or not finished, in time.

    Args:
        start: how long after it became due it must have started.
        finish: how long after its start it must have ended.
    """

    start: Duration | None = None
    finish: Duration | None = None

    def __post_init__(self) -> None:
        expect_duration("Timeouts", "start", self.start)
        expect_duration("Timeouts", "finish", self.finish)

    @property
    def start_within(self) -> float | None:
        """Seconds in which it has to start."""
        return _seconds(self.start)

    @property
    def finish_within(self) -> float | None:
        """Seconds in which it has to end."""
        return _seconds(self.finish)


def _seconds(value: Duration | None) -> float | None:
    return None if value is None else duration(value, "timeout").total_seconds()
