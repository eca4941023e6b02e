"""The bugs of M: most are what somebody might write who does not know why a line is as it is."""

from __future__ import annotations

from tests.campaigns.mutants import Mutant, pauses, race, singles, whole


def _m(name: str, file: str, old: str, new: str, killer: tuple[str, ...]) -> Mutant:
    return Mutant(name=name, file=file, old=old, new=new, killer=killer)


_HANDED = """        _deliver(store, event, paths, last)
        store.events.routed([event.pk])"""

MUTANTS = (
    _m(
        "record split from atomic effects",
        "engine/atomic.py",
        "with ExitStack() as others, transaction.atomic(store.alias):",
        "with ExitStack() as others:",
        singles("atomic", "KILL_BEFORE"),
    ),
    _m(
        "a run is finished without its claim",
        "store/sqlruns.py",
        'HELD = "{r.id} = %s AND {r.claim} = %s AND',
        'HELD = "{r.id} = %s AND {r.claim} >= 0 * %s AND',
        race("X3 record and rescue"),
    ),
    _m(
        "claims do not grow",
        "store/sqlruns.py",
        "{r.claim} = {r.claim} + 1, {r.owner} = %s, {r.wake} = 0",
        "{r.claim} = {r.claim}, {r.owner} = %s, {r.wake} = 0",
        race("X3 record and rescue"),
    ),
    _m(
        "who was overtaken goes on",
        "store/memory.py",
        "or not self.runs.held(run).exists():\n            raise Fenced\n        return memo or",
        "and not self.runs.held(run).exists():\n            raise Fenced\n        return memo or",
        pauses("sequence"),
    ),
    _m(
        "parking looks for no wake-up",
        "store/sqlruns.py",
        "WHERE {r.pending} > 0 AND {r.wake} = 0 AND ",
        "WHERE {r.pending} > 0 AND ",
        race("X9 racer and planner"),
    ),
    _m(
        "a join does not wake",
        "store/sqlsteps.py",
        "WHERE {r.id} = %s AND {r.status} = 'waiting' {if_last}",
        "WHERE {r.id} = %s AND {r.status} = 'queued' {if_last}",
        whole("sleep"),
    ),
    _m(
        "a join counts one too many",
        "store/sqlsteps.py",
        "THEN {r.pending} - %s ELSE 0 END\n",
        "THEN {r.pending} - %s - 1 ELSE 0 END\n",
        singles("cancel, ended", "KILL_BEFORE"),
    ),
    _m(
        "a racer wakes nobody",
        "store/steps.py",
        "raced[claim.run] += claim.mode == ParallelMode.RACE",
        "raced[claim.run] += 0",
        race("X9 racer and planner"),
    ),
    _m(
        "an end leaves steps open",
        "store/runs.py",
        "            if close_steps:\n",
        "            if close_steps and large:\n",
        race("X6 cancel and fail"),
    ),
    _m(
        "a cancelled run keeps a count",
        "store/outside.py",
        "pending=0,\n                reason=reason[:500],",
        "pending=1,\n                reason=reason[:500],",
        whole("cancel, queued"),
    ),
    _m(
        "a child does not tell its parent",
        "engine/aftermath.py",
        "        if step is not None:\n",
        "        if step is not None and not end.is_success:\n",
        whole("invoke"),
    ),
    _m(
        "a child ends before its parent's step, in two transactions",
        "engine/aftermath.py",
        "            due += _resolve(store, step, end)",
        "            transaction.on_commit(lambda: _resolve(store, step, end), store.alias)",
        singles("invoke", "KILL_AFTER"),
    ),
    _m(
        "a wait is written after its step",
        "store/steps.py",
        "        with transaction.atomic(self.alias):\n            if plan := self._plan(",
        "        if True:\n            if plan := self._plan(",
        singles("wait", "KILL_BEFORE"),
    ),
    _m(
        "an event counts as handed out before it is",
        "engine/deliver.py",
        _HANDED,
        "        store.events.routed([event.pk])\n        _deliver(store, event, paths, last)",
        singles("wait", "KILL_AFTER"),
    ),
    _m(
        "a wait does not look back",
        "engine/deliver.py",
        "over = [claim for claim in claims if claim.id not in waits or "
        "waits[claim.id].lookback is None]",
        "over = list(claims)",
        whole("wait, event first"),
    ),
    _m(
        "the second look at waits is for none",
        "engine/deliver.py",
        "store.waits.of_steps([claim.id for claim in claims])",
        "store.waits.of_steps(claim.id for claim in claims)",
        singles("wait, event first", "DEADLOCK"),
    ),
    _m(
        "a wait is ended twice",
        "store/sqlsteps.py",
        "WHERE {s.id} = %s AND {s.claim} = %s AND {s.status} = 'running'",
        "WHERE {s.id} = %s AND {s.claim} >= 0 * %s",
        pauses("parallel wait"),
    ),
    _m(
        "what is done after a commit has no name",
        "store/after.py",
        "    transaction.on_commit(done, alias, robust=True)",
        "    from functools import partial\n    transaction.on_commit(partial(done), alias, robust=True)",
        singles("wait", "NO_MEMORY"),
    ),
    _m(
        "an event counts each time it is sent",
        "engine/ingest.py",
        "dedupe_key=dedupe_key(event.name, event.id, event.tenant) if event.id else None",
        "dedupe_key=None",
        race("X7 one event twice"),
    ),
    _m(
        "runs are written after their event, in two transactions",
        "engine/ingest.py",
        "    with transaction.atomic(store.alias):\n        if keys and",
        "    if True:\n        if keys and",
        singles("sequence", "KILL_AFTER"),
    ),
    _m(
        "a tick has no key",
        "engine/cron.py",
        'dedupe_key=_digest(f"tick of {row.function}", tick).hex()',
        "dedupe_key=None",
        whole("cron"),
    ),
    _m(
        "a tick is started, and the line moved on afterwards",
        "engine/cron.py",
        "    with transaction.atomic(store.alias):\n        moved =",
        "    if True:\n        moved =",
        singles("cron", "KILL_AFTER"),
    ),
    _m(
        "one try too few",
        "playback/retry.py",
        "attempt >= self.retries",
        "attempt >= self.retries - 3",
        whole("sequence"),
    ),
    _m(
        "tries without a history",
        "store/memory.py",
        "        if result.failure is not None:\n            note_attempt(",
        "        if result.failure is not None and result.is_final:\n            note_attempt(",
        whole("sequence"),
    ),
    _m(
        "a large result is written after its step",
        "store/memory.py",
        "        with transaction.atomic(self.alias):\n            return [self._record_one(run, result, again",
        "        if True:\n            return [self._record_one(run, result, again",
        singles("sequence", "KILL_AFTER"),
    ),
    _m(
        "leases have passed when they begin",
        "store/sqlruns.py",
        "lease=self.at(conf.LEASE)",
        "lease=self.at(-1.0)",
        race("X2 two workers"),
    ),
    _m(
        "sleeps end early",
        "playback/request.py",
        "return 0.0 if isinstance(self.what, Work) else self.what.seconds",
        "return 0.0 if isinstance(self.what, Work) else self.what.seconds / 2",
        whole("sleep"),
    ),
    _m(
        "lost workers are not counted",
        "store/sqlruns.py",
        "THEN 1 ELSE {r.crashes} + 1 END",
        "THEN 1 ELSE {r.crashes} END",
        whole("poison"),
    ),
    _m(
        "a retried run keeps its claim",
        "store/outside.py",
        'claim=F("claim") + 1,\n                due_at=database_now(),\n                ended=None',
        'claim=F("claim"),\n                due_at=database_now(),\n                ended=None',
        race("X10 two retries"),
    ),
    _m(
        "a replay has the number of another",
        "store/revivals.py",
        "return 0 if last is None else last + 1",
        "return 0 if last is None else last",
        whole("replay"),
    ),
    _m(
        "a replay copies the step from which it is to begin",
        "engine/revive.py",
        "for step in steps[:number]",
        "for step in steps[: number + 1]",
        whole("replay"),
    ),
    _m(
        "a large value is not copied",
        "store/revivals.py",
        "large = [step.key for step in steps if step.large]",
        "large = [step.key for step in steps if step.mode]",
        whole("replay"),
    ),
    _m(
        "given up steps stay pending",
        "store/memory.py",
        'left = Greatest(F("pending") - count, Value(0))',
        'left = Greatest(F("pending") - 0 * count, Value(0))',
        singles("race", "KILL_BEFORE"),
    ),
    _m(
        "a wait for a cancel is forgotten",
        "engine/ingest.py",
        "    await_cancels(store, row, to.functions)",
        "    await_cancels(store, row, [])",
        whole("cancel by event"),
    ),
    _m(
        "a mark is left and not looked at",
        "operations/receipt.py",
        "if not _is_new(store, mark):",
        "if not (_is_new(store, mark) or True):",
        singles("by hand", "LOST_AFTER"),
    ),
    _m(
        "a run over its time goes on",
        "engine/cancel.py",
        "overdue = {run.id: run for run in store.runs.overdue(_SWEPT)}",
        "overdue = {run.id: run for run in store.runs.overdue(_SWEPT) if run.started is None}",
        whole("cancel by time"),
    ),
)
