from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from durable.worker import identity

# Python 3.12 and later warn of what q2 does on every platform that has it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def name_of(pid: int) -> str:
    started = identity._stat(pid) or []
    return f"{identity.prefix()}{pid}:{started[identity._STARTED]}"


def test_name_tells_host_process_and_start() -> None:
    assert identity.owner().startswith(identity.prefix())
    assert f":{os.getpid()}:" in identity.owner()
    assert len(identity.owner()) <= 120


def test_this_process_is_alive() -> None:
    assert identity.is_alive(identity.owner())


def test_forked_process_has_a_name_of_its_own() -> None:
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.write(writer, identity.owner().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 200).decode() != identity.owner()
    os.close(reader)
    os.close(writer)


def test_killed_process_is_dead_even_before_it_is_collected(
    sleeper: subprocess.Popen[bytes],
) -> None:
    name = name_of(sleeper.pid)
    assert identity.is_alive(name)
    sleeper.kill()
    give_up = time.monotonic() + 5
    while identity.is_alive(name):
        assert time.monotonic() < give_up
    sleeper.wait()
    assert not identity.is_alive(name)


def test_process_under_a_pid_used_again_is_another(sleeper: subprocess.Popen[bytes]) -> None:
    assert not identity.is_alive(f"{identity.prefix()}{sleeper.pid}:1")


def test_processes_of_other_machines_are_taken_for_alive() -> None:
    assert identity.is_alive("elsewhere-00000000:1:1")


def test_held_process_is_alive_but_stopped(sleeper: subprocess.Popen[bytes]) -> None:
    assert not identity.is_stopped(sleeper.pid)
    sleeper.send_signal(signal.SIGSTOP)
    give_up = time.monotonic() + 5
    while not identity.is_stopped(sleeper.pid):
        assert time.monotonic() < give_up
    assert identity.is_running(sleeper.pid)
