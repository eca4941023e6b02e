"""What a driven function's steps do to the tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from functools import partial

from durable.engine import rehearsal
from durable.engine.atomic import atomically
from durable.engine.limits import (
    check_body,
    check_not_ended,
    check_steps,
    check_transaction,
)
from durable.engine.planning import Planning
from durable.engine.timeouts import watched
from durable.engine.verdict import judge
from durable.models import RunStatus
from durable.playback.body import Ran
from durable.playback.interrupt import Fenced, Parked
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.request import Request
from durable.q2 import pulse
from durable.store.rows import Result
from durable.wake import wake_in


class Driving(Planning):
    """The performer of the one process that holds the run: it runs steps in place, and records them."""

    def asked(self, request: Request) -> Request:
        """Say what is to be done for a step call."""
        return rehearsal.asked(self.run.function, request)

    def admit(self, requests: Sequence[Request]) -> None:
        """Raise if these steps may not start."""
        if pulse.is_stopping():
            raise Parked(0.0)  # another worker goes on from here
        check_transaction(self.store, self.depth, requests[0])
        self._check_pause()
        new = [request for request in requests if request.key not in self.tries]
        check_steps(self.run.function, self.count + len(new), requests[-1])

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Record steps that ran in place."""
        check_body(self.store, self.depth, done[-1].request)
        judged = [self._judge(ran) for ran in done]
        return [
            memo if result.is_final else Parked(result.retry_in)
            for memo, result in zip(self._record(judged), judged, strict=True)
        ]

    def perform(self, request: Request, run: Callable[[], Ran]) -> Memo | Parked:
        """Run a step in place, and record it."""
        if not request.work.is_atomic:
            (answer,) = self.record([run()])
            return answer
        check_transaction(self.store, self.depth, request)
        result, memo = atomically(self.store, run, self._judge, self._write)
        self._note([result])
        self._weigh([memo])
        return memo if result.is_final else Parked(result.retry_in)

    def _write(self, result: Result) -> Memo:
        if result.failure is None:
            try:
                return self.store.steps.record_alone(self.run, result, self.tries)
            except Fenced:
                check_not_ended(self.store, self.run, result.request)
                raise
        return self.store.steps.record(self.run, [result], self.tries)[0]

    def keep(self, request: Request, run: Callable[[], Ran]) -> Collection[str]:
        """Run a planned step of the wave this process helps with."""
        assert self._wave is not None
        return self._wave.batch.keep(request, run, self.depth)

    def watch(self, limited: Limited) -> AbstractContextManager[None]:
        """Have a body interrupted when its time is over."""
        if self.tape.targets is None or self._wave is None:
            return watched(limited, partial(self._time_out, limited), self.depth)
        return watched(limited, partial(self._wave.batch.time_out, limited), self.depth)

    def _time_out(self, limited: Limited) -> None:
        """Have a step fail whose body hangs here, and leave the run to others."""
        (answer,) = self.record([limited.ran])
        delay = answer.retry_in or 0.0 if isinstance(answer, Parked) else 0.0
        status = RunStatus.WAITING if self.tape.opened else RunStatus.QUEUED
        self.store.runs.release(self.run, delay, status=status)
        wake_in(delay)

    def _judge(self, ran: Ran) -> Result:
        return judge(ran, self.tries.get(ran.request.key, 0), self.options.policy)
