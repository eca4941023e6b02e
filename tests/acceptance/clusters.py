"""Real clusters in processes of their own, and what tests do to them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests import backends

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = {"worker": "ready for work", "monitor": "monitoring", "pusher": "pushing tasks"}
SECONDS = 40.0


class Cluster:
    """A `manage.py` command that runs workers, for the length of a `with`. Nothing of it is left then.

    Args:
        command: "durable_worker" or "qcluster".
        arguments: for the command.
        environment: variables that differ from those of the test.
    """

    def __init__(
        self, *arguments: str, command: str = "durable_worker", **environment: str
    ) -> None:
        extra = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.settings", "PYTHONUNBUFFERED": "1"}
        verbosely = ["--verbosity", "2"] if command == "durable_worker" else []
        self._is_own = command == "durable_worker"
        self._said: list[str] = []
        self._all: dict[int, psutil.Process] = {}
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", command, *arguments, *verbosely],
            cwd=ROOT,
            env=backends.child_environment(**{**extra, **environment}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def supervisor(self) -> int:
        """The process that was started."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether that process is gone."""
        return self._process.poll() is not None

    @property
    def said(self) -> str:
        """What the cluster has written so far."""
        return "".join(self._said)

    def wait_until_ready(self, times: int = 1) -> Self:
        """Return when the cluster has come up, the `times`-th time."""
        word = "workers ready" if self._is_own else " running."
        eventually(lambda: self.said.count(word) >= times, self.explain)
        eventually(lambda: all(self.find(role) for role in ROLES), self.explain)
        return self

    def processes(self) -> list[psutil.Process]:
        """Return the processes below the one that was started, and remember them."""
        try:
            found = psutil.Process(self.supervisor).children(recursive=True)
        except psutil.NoSuchProcess:
            found = []
        self._all |= {process.pid: process for process in found}
        return [process for process in found if _is_alive(process)]

    def find(self, role: str) -> list[int]:
        """Return the pids of workers, monitor or pusher."""
        alive = {process.pid for process in self.processes()}
        said = re.findall(rf"{ROLES[role]} at (\d+)", self.said)
        return [pid for pid in dict.fromkeys(map(int, said)) if pid in alive]

    @property
    def sentinel(self) -> int:
        """The pid of the guard: the parent of the workers."""
        return int(psutil.Process(self.find("worker")[0]).ppid())

    @property
    def main(self) -> int:
        """The pid of q2's main process."""
        return int(psutil.Process(self.sentinel).ppid())

    def kill(self, pids: Iterable[int], number: int = signal.SIGKILL) -> None:
        """Send a signal to processes of this cluster."""
        self.processes()
        for pid in pids:
            self._all[pid].send_signal(number) if pid in self._all else None

    def signal(self, number: int) -> None:
        """Send a signal to the command itself."""
        self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask the command to stop."""
        self.signal(signal.SIGTERM)

    def wait(self, seconds: float = SECONDS) -> int:
        """Wait for the command's end; return its exit code."""
        return self._process.wait(seconds)

    def survivors(self) -> list[int]:
        """Return those of all processes ever seen here that are alive."""
        self.processes()
        return [process.pid for process in self._all.values() if _is_alive(process)]

    def explain(self) -> str:
        """Return what to look at when a test fails."""
        return f"processes {self.survivors()}; the cluster said:\n{self.said[-6000:]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._freeze()
        self._process.kill()
        self._process.wait()
        for pid in self.survivors():
            self._all[pid].kill()
        with suppress(OSError):  # one may end while it is asked for
            psutil.wait_procs(list(self._all.values()), timeout=5)
        self._listener.join(5)

    def _freeze(self) -> None:
        """Have none of them start another while they are killed."""
        self._process.send_signal(signal.SIGSTOP)
        frozen: set[int] = set()
        while new := [one for one in self.processes() if one.pid not in frozen]:
            for process in new:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
                frozen.add(process.pid)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            self._said.extend(output)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def eventually(
    is_so: Callable[[], bool], explain: Callable[[], str] = str, seconds: float = SECONDS
) -> float:
    """Wait until something is so; return how many seconds that took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"still not so after {seconds} s: {explain()}"
        time.sleep(0.01)
    return time.monotonic() - begun
