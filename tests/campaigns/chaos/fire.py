"""The faults: processes killed and held by their roles, sessions ended, messages lost, a server that falls."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
from django.db import connection
from django_q.models import OrmQ

from tests.acceptance.clusters import Cluster
from tests.campaigns.chaos.recovery import Recovery
from tests.campaigns.chaos.server import crash_server

HELD = 6.0  # seconds for which a process stands still: more than a lease
ROLES = ("worker", "worker", "worker", "pusher", "monitor", "sentinel", "main", "whole cluster")


@dataclass(slots=True, kw_only=True)
class Fire:
    """Strikes clusters, and counts.

    Args:
        clusters: the victims.
        draw: of what, whom and when.
        is_server_ours: whether the database's server may be struck, too.
        counts: by what was done.
        recovery: of those who were struck.
        held: processes that stand still, and until when.
    """

    clusters: list[Cluster]
    draw: random.Random
    is_server_ours: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    recovery: Recovery = field(default_factory=Recovery)
    held: list[tuple[float, int]] = field(default_factory=list)

    def strike(self) -> None:
        """Do one thing, and let go of who has stood still for long enough."""
        self.release(time.monotonic())
        cluster = self.draw.choice(self.clusters)
        does: dict[Callable[[Cluster], None], float] = {
            self._kill: 6,
            self._hold: 3,
            self._end_sessions: 2,
            self._lose_messages: 1,
            self._restart_server: 0.5 * self.is_server_ours,
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
            self._end(cluster, [process.pid for process in cluster.processes()])
        elif role in ("sentinel", "main"):
            self._end(cluster, [getattr(cluster, role)])
        else:
            self._end(cluster, [self.draw.choice(cluster.find(role))])
        self.counts[f"SIGKILL of a {role}"] += 1

    def _end(self, cluster: Cluster, pids: Sequence[int]) -> None:
        cluster.kill(pids)
        self.recovery.lose(pids)

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

    def _restart_server(self, cluster: Cluster) -> None:
        self.recovery.restart(crash_server())
        self.counts["crashes of the database, with a restart"] += 1
