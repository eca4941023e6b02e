"""What whoever drives a run has done by others, or together: waves, and what is recorded of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from durable import clock, signals
from durable.engine import abandoned, rehearsal
from durable.engine.batch import Batch
from durable.engine.hosting import Hosting
from durable.engine.limits import (
    check_size,
    check_steps,
    check_transaction,
    raise_if_fatal,
)
from durable.engine.options import Options
from durable.engine.overrides import overrides
from durable.engine.pace import expected, first_share
from durable.engine.plan import plan
from durable.engine.quick import Quick, first_quick
from durable.engine.timers import ring
from durable.engine.wave import Wave, park
from durable.playback.interrupt import Parked
from durable.playback.memo import Memo
from durable.playback.performer import RunTargets
from durable.playback.request import FanOut, ParallelMode, Request
from durable.playback.tape import Tape
from durable.q2 import pulse
from durable.store import Store
from durable.store.rows import History, Result, RunClaim, StepClaim
from durable.wake import wake, wake_in


class Planning(Hosting):
    """The part of a driving performer that plans.

    Args:
        store: where the run is.
        run: the claim it is held under.
        options: of its function.
        history: what was remembered when it was claimed.
        owner: this process.
        workers: how many may share a wave.
        afresh: runs steps in a call of the function for themselves.
    """

    tape: Tape

    def __init__(
        self,
        store: Store,
        run: RunClaim,
        options: Options,
        history: History,
        *,
        owner: str,
        workers: int,
        afresh: Callable[[Batch], None],
    ) -> None:
        self.store = store
        self.run = run
        self.options = options
        self.tries = {key: known.attempt for key, known in history.tries.items()}
        self.count = history.count
        self.size = history.size
        self.owner = owner
        self.workers = workers
        self.afresh = afresh
        self.depth = abandoned.depth(store.connection)
        self._wave: Wave | None = None

    def plan(self, requests: Sequence[Request]) -> None:
        """Plan steps that end without this process, and go on."""
        # Whatever is planned later beside them, the run is woken by each: the count of all that is open
        # does not say whether those have ended that somebody waits for.
        racing = [replace(request, mode=ParallelMode.RACE) for request in requests]
        self._plan(racing, park=False, take=0)

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        """Plan what is new; in WAIT help until the wave has joined, else park."""
        opened = [r for r in requests if r.key in self.tape.opened]
        new = [r for r in requests if r.key not in self.tape.opened]
        if any(r.mode is ParallelMode.WAIT for r in opened):
            new = [r for r in new if r.mode is ParallelMode.RACE]
        if not new:
            self.rest()
        self._check_pause()
        new = self._in_one_mode(self._within_cap(opened, new))
        work = [r.work.call for r in new if r.is_work]
        is_race = any(r.mode is ParallelMode.RACE for r in new)
        if self.options.fan_out and sum(r.op == "run" for r in requests) > 1:
            self._plan([_fanned_out(r) for r in new], park=True, take=0)
        if self.options.strict or is_race or not work:
            self._plan(new, park=True, take=0)
        share, quick = 0, list[Request]()
        if not pulse.is_stopping():
            share = max(first_share(len(work), self.workers, expected(work)), self.options.threads)
            quick = first_quick(new, self.run, self.options, self.tries)
        planned = new[len(quick) :]
        claims = self._plan(planned, park=False, take=0 if quick else share) if planned else []
        wave = Wave(
            self.store,
            self.run,
            self.options,
            owner=self.owner,
            tape=self.tape,
            requests=planned,
            afresh=self.afresh,
            is_alone=self.workers == 1,
        )
        self._wave = wave
        run_here = None if has_code else run_targets
        if quick:
            self._do_now(quick, wave, run_here)
        wave.work(claims, share, run_here)
        memos = list(wave.join())
        raise_if_fatal(memos)
        self._weigh(memos)
        self.tape.learn(memos)

    def _do_now(
        self, requests: Sequence[Request], wave: Wave, run_targets: RunTargets | None
    ) -> None:
        check_transaction(self.store, self.depth, requests[0])
        check_steps(self.run.function, self.count + len(requests), requests[-1])
        if not wave.size:
            self.run = replace(self.run, wave=self.store.runs.begin_wave(self.run))
        record = partial(self._record, mode=ParallelMode.WAIT.value)
        quick = Quick(self.store, self.run, requests, policy=self.options.policy, record=record)
        wave.perform(quick, run_targets)
        raise_if_fatal(quick.memos)
        self.tape.learn(quick.memos)
        if quick.failed or quick.left:
            self._plan_left(quick)

    def _plan_left(self, quick: Quick) -> NoReturn:
        """Plan what is to be tried again, and what was left because another took long."""
        failed = [result.request for result in quick.failed]
        claims = self._plan([*failed, *quick.left], park=False, take=len(failed))
        of_key = {claim.key: claim for claim in claims}
        self.store.steps.flush([(of_key[r.request.key], r) for r in quick.failed])
        for result in quick.failed:
            self._tell(result)
            wake_in(result.retry_in or 0.0)
        self.rest()

    def _check_pause(self) -> None:
        """Give the run back if its function was paused: who claims it next holds it back."""
        overrides.look(self.store)
        if overrides.of(self.run.function).is_paused:
            raise Parked(0.0)

    def _within_cap(self, opened: Sequence[Request], new: Sequence[Request]) -> list[Request]:
        """Leave out the work that would be too much at the same time: it is asked for again later."""
        most = self.options.max_parallel
        if most is None:
            return list(new)
        free = max(most - sum(r.is_work for r in opened), 0)
        first = {r.key for r in [r for r in new if r.is_work][:free]}
        if not (kept := [r for r in new if not r.is_work or r.key in first]):
            self.rest()
        return kept

    def _in_one_mode(self, requests: Sequence[Request]) -> list[Request]:
        """Have each step that ends wake the run, unless these are all that it waits for.

        Beside other open steps the count of them says nothing about these; so the group, or who
        awaits them, finds out each time whether its own are done.
        """
        is_race = self.tape.opened or any(r.mode is ParallelMode.RACE for r in requests)
        mode = ParallelMode.RACE if is_race else ParallelMode.WAIT
        return [r if r.mode is mode else replace(r, mode=mode) for r in requests]

    def _plan(self, requests: Sequence[Request], *, park: bool, take: int) -> list[StepClaim]:
        check_transaction(self.store, self.depth, requests[0])
        check_steps(self.run.function, self.count + len(requests), requests[-1])
        planned = plan(self.store, self.run, requests, park=park, take=take)
        self.run = replace(self.run, wave=planned.wave, attempt=0)
        self.count += len(requests)
        for request in requests:
            self.tape.opened.add(request.key)
            self.tape.know(request.key, request.branch)
        others = sum(not request.is_timer for request in requests) - take
        if others > 0:
            wake(min(others, self.workers))
        if pauses := [request for request in requests if request.is_timer]:
            wake_in(min(map(due_in, pauses)))
        if park:
            raise Parked(is_released=True)
        return planned.claims

    def rest(self) -> NoReturn:
        """Park until one of the planned steps has ended; always raises Parked."""
        park(self.store, self.run)
        raise Parked(0.0)

    def abandon(self, keys: Collection[str]) -> None:
        """Give up planned steps that nobody needs any more."""
        self.store.steps.abandon(self.run, keys)

    def look(self) -> list[Memo]:
        """End planned steps that have come due; return what has ended elsewhere since the last look."""
        ring(self.store, self.store.steps.claim(self.owner, len(self.tape.opened), self.run.id))
        if self.store.runs.count_pending(self.run) == len(self.tape.opened):
            return []
        memos = self.store.steps.history(self.run.id).memos
        return [memo for key, memo in memos.items() if key in self.tape.opened]

    def _record(self, results: Sequence[Result], mode: str = "") -> list[Memo]:
        memos = self.store.steps.record(self.run, results, self.tries, mode)
        self._note(results)
        self._weigh(memos)
        return memos

    def _note(self, results: Sequence[Result]) -> None:
        for result in results:
            key = result.request.key
            self.count += key not in self.tries
            if result.is_final:
                self.tries.pop(key, None)
            else:
                self.tries[key] = result.attempt + 1
            if result.failure is not None:
                self._tell(result)
            rehearsal.recorded(self.run.function, result.request)
        if self.run.attempt and any(result.is_final for result in results):
            self.store.runs.settle_attempt(self.run)
            self.run = replace(self.run, attempt=0)

    def _weigh(self, memos: Iterable[Memo]) -> None:
        self.size += sum(memo.size for memo in memos)
        check_size(self.run.function, self.size)

    def _tell(self, result: Result) -> None:
        signals.attempt_failed.send_robust(
            sender=None,
            run_id=self.run.id,
            function=self.run.function,
            step=result.request.title,
            attempt=result.attempt,
            failure=result.failure,
            retry_in=result.retry_in,
        )


def _fanned_out(request: Request) -> Request:
    """Have a step done in a run of its own, if it calls something of the author's."""
    return replace(request, what=FanOut(request.work)) if request.op == "run" else request


def due_in(request: Request) -> float:
    """Return for how many seconds a planned step rests, as far as this process's clock can tell."""
    if request.until is None:
        return request.seconds
    return max((request.until - clock.now()).total_seconds(), 0.0)
