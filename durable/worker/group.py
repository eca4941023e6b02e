"""One cluster as a group of processes: started in a fresh interpreter, ended to the last of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from django.conf import settings

from durable.q2 import family
from durable.q2.cluster import OUTER_PATH
from durable.q2.pulse import Board, Pulse
from durable.worker.identity import is_running

_GONE_SECONDS = 5.0


class Group:
    """A running cluster.

    Args:
        arguments: for `durable.q2.cluster`.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.was_ready = False
        with tempfile.TemporaryFile() as file:
            self.board = Board(os.dup(file.fileno()))
            options = ["--board", str(file.fileno()), "--parent", str(os.getpid())]
            self._main = subprocess.Popen(  # noqa: S603 - this very interpreter, our own module
                [*_interpreter(), "-m", "durable.q2.cluster", *options, *arguments],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                pass_fds=[file.fileno()],
                start_new_session=True,  # so that signals for the group do not reach the supervisor
            )

    @property
    def exit_code(self) -> int | None:
        """The main process's; None while it runs."""
        return self._main.poll()

    @property
    def last_words(self) -> str:
        """Why it could not go on, as far as it knew."""
        return self.board.last_words

    def pulses(self) -> list[Pulse]:
        """Return the pulses of the processes that are alive."""
        return [pulse for pulse in self.board.pulses() if is_running(pulse.pid)]

    def reap(self) -> None:
        """Collect descendants that have ended and whose own parent is gone."""
        self._main.poll()
        family.reap(but=self._main.pid)

    def terminate(self) -> None:
        """Ask the main process, and nobody else, to stop."""
        self.board.stop()
        self._main.terminate()

    def kill(self) -> None:
        """End whatever is left of the group, and wait until it is gone."""
        deadline = time.monotonic() + _GONE_SECONDS
        while self._signal() and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.01)
        self.board.close()

    def _signal(self) -> bool:
        try:
            os.killpg(self._main.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _interpreter() -> list[str]:
    return [sys.executable, *(f"-W{option}" for option in sys.warnoptions)]


def _environment() -> dict[str, str]:
    """Let the new interpreter find what this one has imported."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return {
        **os.environ,
        "PYTHONPATH": path,
        OUTER_PATH: os.environ.get("PYTHONPATH", ""),
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
    }
