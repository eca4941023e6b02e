"""Whether a process is there, on any system."""

from __future__ import annotations

import os


def exists(pid: int) -> bool:
    """Say whether there is a process of this number, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
