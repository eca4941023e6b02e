"""A call of a function for the sake of planned steps: they run where they stand, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from uuid import UUID

from durable.authoring.function import Function
from durable.engine import abandoned, rehearsal
from durable.engine.batch import Batch
from durable.engine.call import Events, call
from durable.engine.hosting import Hosting
from durable.engine.options import Options
from durable.engine.timeouts import watched
from durable.playback.body import Ran
from durable.playback.interrupt import Parked
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.outcome import Outcome, Raised
from durable.playback.performer import RunTargets
from durable.playback.request import Request
from durable.playback.tape import Tape


class Assisting(Hosting):
    """The performer of a targeted call: only planned steps run."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.depth = abandoned.depth(batch.store.connection)

    def asked(self, request: Request) -> Request:
        """Say what is to be done for a step call."""
        return rehearsal.asked(self.batch.function, request)

    def admit(self, requests: Sequence[Request]) -> None:
        """Targets were admitted when they were planned."""

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Never asked for: nothing runs in place."""
        raise AssertionError("a targeted call records through its batch")

    def perform(self, request: Request, run: Callable[[], Ran]) -> Memo | Parked:
        """Never asked for: nothing runs in place."""
        raise AssertionError("a targeted call records through its batch")

    def keep(self, request: Request, run: Callable[[], Ran]) -> Collection[str]:
        """Run a target."""
        return self.batch.keep(request, run, self.depth)

    def watch(self, limited: Limited) -> AbstractContextManager[None]:
        """Have a target interrupted when its time is over."""
        return watched(limited, partial(self.batch.time_out, limited), self.depth)

    def plan(self, requests: Sequence[Request]) -> None:
        """Never asked for: only who drives a run plans."""
        raise AssertionError("a targeted call plans nothing")

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        """Never asked for: only who drives a run plans."""
        raise AssertionError("a targeted call plans nothing")

    def rest(self) -> None:
        """Never asked for: a targeted call has nothing to wait for."""
        raise AssertionError("a targeted call does not rest")

    def abandon(self, keys: Collection[str]) -> None:
        """Never asked for: only who drives a run gives up."""
        raise AssertionError("a targeted call gives nothing up")

    def look(self) -> list[Memo]:
        """Never asked for: a targeted call waits for its targets only."""
        raise AssertionError("a targeted call does not look around")


def run_targets(
    batch: Batch,
    targets: set[str],
    function: Function,
    run: UUID,
    events: Events,
    memos: dict[str, Memo],
    branches: Mapping[str, str],
) -> None:
    """Call the function for steps of a batch, and answer for those that it did not come to.

    Args:
        batch: the steps, and where their results go.
        targets: keys of those that are to run.
        function: to call.
        run: whose steps they are.
        events: that started it.
        memos: what was remembered when they were planned.
        branches: where all steps stand, by key.
    """
    options = Options.of(function)
    tape = Tape(
        memos=memos,
        branches=branches,
        performer=Assisting(batch),
        mode=options.mode,
        targets=targets,
        target_branches={batch.claims[key].branch for key in targets},
        kinds={key: batch.claims[key].op for key in targets},
        strict=options.strict,
        attempt=min(batch.tries.values()),
        tries=batch.tries,
    )
    _answer_for(batch, targets, call(function, tape, run, events), tape)


def _answer_for(batch: Batch, missed: set[str], outcome: Outcome, tape: Tape) -> None:
    """Targets whose bodies did not run: the code before them raised, or took another way."""
    if isinstance(outcome, Raised) and tape.misuse is None:
        batch.fail(sorted(missed), outcome.failure)
    else:
        batch.miss(missed, tape)
