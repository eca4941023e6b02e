"""A plain file to which every step body adds a line, so that executions can be counted.

The tables say which results were recorded; only the bodies know how often they ran. `make demo`
compares the two after it has killed the workers. Without `TEXT_JOURNAL` nothing is written.
"""

from __future__ import annotations

import os
from pathlib import Path


def note(step_id: str) -> None:
    path = os.environ.get("TEXT_JOURNAL")
    if path:
        with Path(path).open("a") as journal:  # one short append, whole even among processes
            journal.write(f"{step_id}\n")
