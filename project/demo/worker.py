"""`manage.py durable_worker` as a child of the demo: what starts, and what surely stops."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from types import TracebackType
from typing import Self

from project.demo import processes, stage

READY = " ready, "
READY_SECONDS = 30.0
STOP_SECONDS = 15.0


class StuckError(Exception):
    """The worker does not get on; its log says more."""


class Worker:
    """Within `with`, a cluster runs; afterwards no process of it is left, whatever happened."""

    def __init__(self, workers: int) -> None:
        self.mark = uuid.uuid4().hex
        self._log = stage.LOG.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "durable_worker", "--workers", str(workers)],
            cwd=stage.ROOT,
            env={**os.environ, processes.MARK: self.mark, "PYTHONUNBUFFERED": "1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops the worker
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def family(self) -> set[int]:
        """Return the processes below the worker's own."""
        return processes.marked(self.mark) - {self.pid}

    def wait_until_ready(self) -> None:
        """Return when the cluster has said in its log that it is up."""
        give_up = time.monotonic() + READY_SECONDS
        while READY not in stage.LOG.read_text(errors="replace"):
            if not self.is_alive or time.monotonic() > give_up:
                raise StuckError("The worker did not start.")
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            while orphans := processes.marked(self.mark):
                processes.kill(orphans)
                time.sleep(0.02)
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def log_tail(lines: int = 30) -> str:
    return "\n".join(stage.LOG.read_text(errors="replace").splitlines()[-lines:])
