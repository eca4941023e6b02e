"""Judges from its pulse whether a cluster is frozen: alive for the kernel, dead for its users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from durable.q2.pulse import Pulse, Role


@dataclass(slots=True)
class Stillness:
    """How long a value has been the same."""

    value: object = None
    since: float = 0.0

    def seconds(self, value: object, now: float) -> float:
        """Note the value; return for how long it has not changed."""
        if value != self.value:
            self.value, self.since = value, now
        return now - self.since


@dataclass(slots=True)
class Vigil:
    """Watches one cluster.

    Args:
        patience: seconds of silence that the sentinel may keep. The others may keep half as much more:
            q2's own pusher sleeps ten seconds when it loses its database.
        has_due: whether rows are due in the tables; None if the database does not say.
        is_stopped: whether a process is held by SIGSTOP.
        begun: when the watch begins, by the clock that `judge` is given.
    """

    patience: float
    has_due: Callable[[], bool | None]
    is_stopped: Callable[[int], bool]
    begun: float
    _sentinel: Stillness = field(default_factory=Stillness)
    _pusher: Stillness = field(default_factory=Stillness)
    _monitor: Stillness = field(default_factory=Stillness)
    _taken: Stillness = field(default_factory=Stillness)
    _asked: float = 0.0
    _neglected: float | None = None

    def __post_init__(self) -> None:
        for stillness in (self._sentinel, self._pusher, self._monitor, self._taken):
            stillness.since = self.begun

    def judge(self, pulses: Sequence[Pulse], now: float) -> str | None:
        """Return what is wrong, or None.

        Args:
            pulses: of the processes that are alive.
            now: seconds of a clock that stands still while the supervisor itself is held up.
        """
        sentinel = _of(Role.SENTINEL, pulses)
        if self._sentinel.seconds([p.beats for p in sentinel], now) > self.patience:
            return "its sentinel is silent"
        return (
            self._silent_monitor(pulses, sentinel, now)
            or self._silent_pusher(pulses, now)
            or self._neglect(pulses, sentinel, now)
        )

    @property
    def _longer(self) -> float:
        return 1.5 * self.patience

    def _silent_monitor(
        self, pulses: Sequence[Pulse], sentinel: Sequence[Pulse], now: float
    ) -> str | None:
        has_results = any(p.results > 0 for p in sentinel)
        beats = [p.beats for p in _of(Role.MONITOR, pulses)] if has_results else now
        # Saving results may wait for somebody's lock, and costs nothing but repetition meanwhile.
        if self._monitor.seconds(beats, now) > 4 * self.patience:
            return "its monitor takes no results"
        return None

    def _silent_pusher(self, pulses: Sequence[Pulse], now: float) -> str | None:
        beats = [p.beats for p in _of(Role.PUSHER, pulses)] if self._is_able(pulses) else now
        if self._pusher.seconds(beats, now) > self._longer:
            return "its pusher is silent"
        return None

    def _neglect(
        self, pulses: Sequence[Pulse], sentinel: Sequence[Pulse], now: float
    ) -> str | None:
        """Work waits, a worker is idle, and no worker takes anything."""
        taken = [(p.pid, p.beats) for p in _of(Role.WORKER, pulses)]
        still = self._taken.seconds(taken, now)
        if still < self.patience / 2 or not self._is_able(pulses):
            self._neglected = None
            return None
        if now - self._asked >= self.patience / 5:
            self._asked = now
            if any(p.tasks > 0 for p in sentinel) or self.has_due():
                self._neglected = now if self._neglected is None else self._neglected
            else:
                self._neglected = None
        neglected = 0.0 if self._neglected is None else now - self._neglected
        if neglected > self.patience / 2 and still > self._longer:
            return "work is due and no worker takes it"
        return None

    def _is_able(self, pulses: Sequence[Pulse]) -> bool:
        """Whether a worker could take a message, or is held so that it never will."""
        workers = _of(Role.WORKER, pulses)
        return any(p.is_waiting or self.is_stopped(p.pid) for p in workers)


def _of(role: Role, pulses: Sequence[Pulse]) -> list[Pulse]:
    return [pulse for pulse in pulses if pulse.role is role]
