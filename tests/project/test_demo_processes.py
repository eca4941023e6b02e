from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from project.demo import processes

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


def test_marked_process_is_found_and_killed() -> None:
    mark = uuid.uuid4().hex
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env={**os.environ, processes.MARK: mark},
    )
    with child:
        found = processes.marked(mark)
        processes.kill(found)
        assert child.wait() == -9
    assert found == {child.pid}
    assert processes.marked(mark) == set()
