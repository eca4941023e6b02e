"""The process `durable_worker` supervises: q2's main process, hardened. `python -m durable.q2.cluster`."""

from __future__ import annotations

import argparse
import gc
import math
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import django
from django.conf import settings
from django.db import connections

from durable.q2 import pulse

OUTER_PATH = "DURABLE_OUTER_PYTHONPATH"  # what PYTHONPATH was before the supervisor changed it
STOPPED, LOST = 0, 70  # exit codes: stopped as asked; the sentinel ended on its own
_LOOK = 0.1  # seconds between two looks at the sentinel and at what signals asked for


def main(arguments: Sequence[str]) -> int:
    """Run a cluster until SIGTERM; return the exit code."""
    options = _parse(arguments)
    stop = _Stop(options.grace)
    _restore_path()
    pulse.attach(options.board)
    with pulse.confessing():
        _prepare(options)
        return _run(stop)


def _prepare(options: argparse.Namespace) -> None:
    settings.Q_CLUSTER = configured(settings.Q_CLUSTER, options.name, options.workers)
    django.setup()

    # Reads Q_CLUSTER when it is imported.
    from durable.q2 import family, hardening, terminal

    family.follow(options.parent, signal.SIGTERM)
    terminal.quieten(options.verbosity)
    terminal.speak(options.verbosity)
    if not hardening.harden():
        pulse.leave_blank()
    connections.close_all()
    # What is loaded now stays: workers need not look through it for garbage, nor copy its pages to do so.
    gc.collect()
    gc.freeze()


def configured(given: dict[str, Any], name: str | None, workers: int | None) -> dict[str, Any]:
    """Return `Q_CLUSTER` as the command line changes it.

    Raises:
        LookupError: there is no such cluster; the message says which there are.
    """
    conf = dict(given)
    if name and name not in (conf.get("cluster_name"), conf.get("name")):
        others = conf.pop("ALT_CLUSTERS", {})
        if name not in others:
            known = ", ".join([str(conf.get("name", "default")), *others])
            raise LookupError(
                f"Q_CLUSTER knows no cluster {name!r}; known are {known}."
                ' Add it to Q_CLUSTER["ALT_CLUSTERS"].'
            )
        fixed = {key: conf[key] for key in ("name",) if key in conf}
        conf = {**conf, **others[name], **fixed, "cluster_name": name}
    return {**conf, "workers": workers} if workers else conf


class _Stop:
    """Remembers that a signal asked to stop: q2 would stop inside the handler, where a second one deadlocks it."""

    def __init__(self, grace: float) -> None:
        self.is_asked = False
        self._grace = grace
        self.listen()

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def limit(self) -> None:
        """End this process, and with it the cluster, if stopping takes longer than the grace period.

        That is the supervisor's to do, but it may be gone.
        """
        signal.alarm(math.ceil(self._grace) + 1)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.is_asked = True


def _run(stop: _Stop) -> int:
    from django_q.cluster import Cluster

    cluster = Cluster()
    stop.listen()
    cluster.start()
    while cluster.sentinel.is_alive():
        if stop.is_asked:
            pulse.stop()
            stop.limit()
            cluster.stop()
            return STOPPED
        cluster.sentinel.join(_LOOK)
    return STOPPED if stop.is_asked else LOST


def _restore_path() -> None:
    """Put back the search path of the site's own programs, which its steps may start."""
    path = os.environ.pop(OUTER_PATH, "")
    if path:
        os.environ["PYTHONPATH"] = path
    else:
        os.environ.pop("PYTHONPATH", None)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="durable.q2.cluster")
    parser.add_argument("--board", type=int, required=True)
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("--grace", type=float, default=30.0)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--name")
    parser.add_argument("--verbosity", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
