"""What becomes of a process in which the body of a step takes too long.

A body that can be interrupted only fails. One that hangs is given up: its failure is recorded from
here, what its thread holds besides goes back to others, and its thread is never heard again. In a
worker process the thread cannot be had back either way, so the process ends: at once if it is the
main thread that hangs, else when the others have done what they are at.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn

from django.db import connections

from durable.engine.held import held
from durable.engine.interrupted import Connections
from durable.engine.watchdog import watchdog
from durable.playback.interrupt import Fenced, Interrupt
from durable.playback.limited import Limited
from durable.playback.threads import Mate
from durable.q2 import pulse, spawn
from durable.store import get_store
from durable.wake import wake

logger = logging.getLogger("durable.engine")

PATIENCE = 10.0  # seconds in which the database must take what is to be recorded
CODE = 75  # of a process that ends because it hangs: EX_TEMPFAIL


@contextmanager
def watched(limited: Limited, record: Callable[[], object], depth: int) -> Iterator[None]:
    """Watch a body while the block is executed.

    Args:
        limited: its execution.
        record: writes down that it hangs, under its claim.
        depth: of the transactions that were open around the worker.
    """
    before = Connections(depth, is_atomic=limited.request.work.is_atomic)
    with watchdog.watching(limited, partial(give_up, limited, record)):
        try:
            yield
        finally:
            if limited.is_late:
                before.put_back()
            if limited.is_given_up and _ends_with(limited):
                threading.Event().wait()  # the process ends any moment: begin nothing new


def give_up(limited: Limited, record: Callable[[], object]) -> None:
    """Record that a body hangs, and go on without its thread."""
    if not limited.give_up():
        return
    logger.error("a body hangs and cannot be interrupted: %s", limited.where)
    if _ends_with(limited):
        fuse = threading.Timer(PATIENCE, os._exit, [CODE])
        fuse.daemon = True
        fuse.start()
    try:
        _try(record)
        if isinstance(limited.thread, Mate):
            limited.leave()
            if spawn.is_worker():
                pulse.retire()
        else:
            _try(partial(_surrender, limited))
    finally:
        if _ends_with(limited):
            _end()
        connections.close_all()


def _ends_with(limited: Limited) -> bool:
    """Whether the process is of no use without the thread."""
    return spawn.is_worker() and limited.thread is threading.main_thread()


def _surrender(limited: Limited) -> None:
    """Give back what the thread holds and cannot begin any more: nobody is to blame for that."""
    runs, steps = held.drop(limited.thread.ident or 0)
    store = get_store()
    store.steps.give_back(steps)
    for run in runs:
        with suppress(Fenced):
            if not store.runs.park(run):
                store.runs.release(run)
    wake(len(runs) + len(steps))


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except (Exception, Interrupt):
        logger.exception("what hangs could not be dealt with; its lease will end")


def _end() -> NoReturn:
    os._exit(CODE)
