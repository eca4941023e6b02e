"""An engine in memory: plans waves, runs each planned step by a call of its own, and joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from durable import ParallelMode
from durable.playback.interrupt import Parked
from durable.playback.memo import Memo
from durable.playback.outcome import Interrupted, Outcome
from durable.playback.performer import RunTargets
from durable.playback.request import Request
from tests.unit.playback.performer import Handler, MemoryPerformer, call

Pick = Callable[[Sequence[str]], str]


class MemoryEngine:
    """Plays a function to its end, as a worker that drives and others that help would.

    Args:
        handler: of the function.
        mode: its parallel mode.
        strict: whether each call does one step.
        pick: chooses which of the planned steps runs next.
    """

    def __init__(self, handler: Handler, mode: ParallelMode, *, strict: bool, pick: Pick) -> None:
        self.handler = handler
        self.mode = mode
        self.strict = strict
        self.pick = pick
        self.wave = 0
        self.waves: dict[str, int] = {}  # by key, in which wave a step was planned or recorded
        self.memos: dict[str, Memo] = {}
        self.opened: dict[str, ParallelMode] = {}

    def play(self) -> Outcome:
        """Drive and help until the function has ended."""
        while True:
            outcome = self._drive()
            if not isinstance(outcome, Interrupted):
                return outcome
            while self.opened and self._help() is ParallelMode.WAIT:
                pass

    def _drive(self) -> Outcome:
        planner = _Planner()
        outcome = call(
            self.handler,
            *self.memos.values(),
            performer=planner,
            mode=self.mode,
            strict=self.strict,
            opened=list(self.opened),
        )
        self._learn(planner.tape.memos)
        if planner.planned:
            self.wave += 1
        for request in planner.planned:
            self.opened[request.key] = request.mode
            self.waves[request.key] = self.wave
        return outcome

    def _help(self) -> ParallelMode:
        """Run one planned step; say whether the function goes on before the others have ended."""
        key = self.pick(sorted(self.opened))
        mode = self.opened.pop(key)
        helper = MemoryPerformer()
        earlier = [m for m in self.memos.values() if self.waves[m.key] < self.waves[key]]
        call(self.handler, *earlier, performer=helper, mode=self.mode, targets={key})
        self.memos[key] = helper.kept[key]
        return mode

    def _learn(self, memos: dict[str, Memo]) -> None:
        for key, memo in memos.items():
            self.memos[key] = memo
            self.waves.setdefault(key, self.wave)


class _Planner(MemoryPerformer):
    """Plans what is new, and parks."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: list[Request] = []

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        opened = [one for one in requests if one.key in self.tape.opened]
        new = [one for one in requests if one.key not in self.tape.opened]
        if any(one.mode is ParallelMode.WAIT for one in opened):
            new = [one for one in new if one.mode is ParallelMode.RACE]
        self.planned = new
        raise Parked(is_released=True)
