"""The faults: processes killed and held by their roles, sessions ended, messages lost."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
from django.db import connection
from django_q.models import OrmQ

from tests.acceptance.clusters import Cluster

HELD = 6.0  # seconds for which a process stands still: more than a lease
ROLES = ("worker", "worker", "worker", "pusher", "monitor", "sentinel", "main", "whole cluster")


@dataclass(slots=True, kw_only=True)
class Fire:
    """Strikes clusters, and counts.

    Args:
        clusters: the victims.
        draw: of what, whom and when.
        counts: by what was done.
        held: processes that stand still, and until when.
    """

    clusters: list[Cluster]
    draw: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    held: list[tuple[float, int]] = field(default_factory=list)

    def strike(self) -> None:
        """Do one thing, and let go of who has stood still for long enough."""
        self.release(time.monotonic())
        cluster = self.draw.choice(self.clusters)
        does: dict[Callable[[Cluster], None], int] = {
            self._kill: 6,
            self._hold: 3,
            self._end_sessions: 2,
            self._lose_messages: 1,
        }
        # A process may be gone before it is struck, or not be there yet.
        with suppress(psutil.Error, IndexError, KeyError):
            (strike,) = self.draw.choices(list(does), list(does.values()))
            strike(cluster)

    def release(self, until: float) -> None:
        """Let go of those who were held until then."""
        for moment, pid in [one for one in self.held if one[0] <= until]:
            self.held.remove((moment, pid))
            with suppress(psutil.Error):
                psutil.Process(pid).resume()

    def _kill(self, cluster: Cluster) -> None:
        role = self.draw.choice(ROLES)
        if role == "whole cluster":
            cluster.kill([process.pid for process in cluster.processes()])
        elif role in ("sentinel", "main"):
            cluster.kill([getattr(cluster, role)])
        else:
            cluster.kill([self.draw.choice(cluster.find(role))])
        self.counts[f"SIGKILL of a {role}"] += 1

    def _hold(self, cluster: Cluster) -> None:
        pid = self.draw.choice(cluster.find("worker"))
        cluster.kill([pid], signal.SIGSTOP)
        self.held.append((time.monotonic() + HELD, pid))
        self.counts["SIGSTOP beyond the lease"] += 1

    def _end_sessions(self, cluster: Cluster) -> None:
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                " current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
            )
        self.counts["sessions ended by the server"] += 1

    def _lose_messages(self, cluster: Cluster) -> None:
        OrmQ.objects.all().delete()
        self.counts["wipes of the broker"] += 1
