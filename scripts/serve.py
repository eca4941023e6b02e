"""The demo site with its worker, until Ctrl-C.

PORT, DATABASE_URL and DEBUG are read from the environment.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command

from scripts.bootstrap import ROOT

HOST = "127.0.0.1"
PORT = int(os.environ.get("PORT", "8000"))
NAME = PASSWORD = "admin"  # noqa: S105  known to all, hence made under DEBUG only
PATIENCE = 30.0  # seconds a process has to end by itself


def main() -> int:
    """Serve until a signal comes or one of the two processes ends."""
    signal.signal(signal.SIGTERM, _interrupt)
    if _answers():
        print(f"Port {PORT} is taken; choose another: PORT={PORT + 1} make serve")
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    login = f"log in as {NAME} / {PASSWORD}" if _has_known_admin() else "log in"
    site = _manage("runserver", f"{HOST}:{PORT}", "--noreload", stdout=subprocess.DEVNULL)
    processes = [site, _manage("durable_worker")]
    try:
        if _wait_while_running(processes, until=_answers):
            print(
                f"http://{HOST}:{PORT}/  {login}; Ctrl-C stops the site and its worker", flush=True
            )
        _wait_while_running(processes)
    except KeyboardInterrupt:
        print("\nStopping", flush=True)
        return 0
    finally:
        _stop(processes)
    print("The site or its worker ended by itself; the reason is above.")
    return 1


def _answers() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, PORT)) == 0


def _has_known_admin() -> bool:
    """Make the demo's administrator, unless this site is meant for others to see."""
    from django.conf import settings
    from django.contrib.auth.models import User

    if not settings.DEBUG:
        return False
    admin = User.objects.filter(username=NAME).first()
    if admin is None:
        admin = User.objects.create_superuser(NAME, password=PASSWORD)
    return admin.check_password(PASSWORD)


def _manage(*arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own: Ctrl-C is this process's to pass on."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=stdout, start_new_session=True
    )


def _wait_while_running(
    processes: list[subprocess.Popen[bytes]], until: Callable[[], bool] = lambda: False
) -> bool:
    """Wait for something, or until one of the processes has ended; say whether it came."""
    while all(process.poll() is None for process in processes):
        if until():
            return True
        time.sleep(0.2)
    return False


def _interrupt(number: int, _: Any) -> None:
    raise KeyboardInterrupt


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
