"""The one name a queued message carries, for ever: `durable.tasks.drain`, without arguments."""

from __future__ import annotations

from durable.q2 import pulse
from durable.q2.options import workers
from durable.worker import heartbeat, sighting
from durable.worker.drain import drain_safely
from durable.worker.identity import owner


def drain() -> None:
    """Do what is due. Any number of these messages may be lost, doubled or late: only time is."""
    heartbeat.start()
    sighting.tally().hints += 1
    drain_safely(owner(), workers())
    if pulse.is_retiring():
        raise SystemExit  # q2 replaces this process
