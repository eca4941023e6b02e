"""Planning steps, and writing down with them what they wait for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from durable.engine.invoke import invoke
from durable.playback.request import EventWait, FanOut, Invoke, Request
from durable.store import Store
from durable.store.rows import Plan, RunClaim


def plan(
    store: Store, run: RunClaim, requests: Sequence[Request], *, park: bool, take: int
) -> Plan:
    """Plan a wave.

    Args:
        store: where the run is.
        run: the claim under which it is planned.
        requests: the steps.
        park: rest the run until they have ended.
        take: claim so many of those that somebody has to do.

    Raises:
        Fenced: the run is no longer held.
    """
    ends_elsewhere = any(isinstance(r.what, EventWait | Invoke | FanOut) for r in requests)
    also = partial(_open, store, run, requests) if ends_elsewhere else None
    return store.steps.plan(run, requests, park=park, take=take, also=also)


def _open(store: Store, run: RunClaim, requests: Sequence[Request]) -> None:
    """Write down who is waited for, in the transaction that plans the steps which wait."""
    if waits := {r.key: r.what for r in requests if isinstance(r.what, EventWait)}:
        store.waits.open(run.id, waits)
    if calls := [request for request in requests if isinstance(request.what, Invoke)]:
        invoke(store, run, calls)
    if apart := [request for request in requests if isinstance(request.what, FanOut)]:
        store.children.fan_out(run, apart)
