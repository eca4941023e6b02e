"""The clocks of tests: time-machine's and freezegun's, when one of them is at work."""

from __future__ import annotations

import sys


def is_moved() -> bool:
    """Whether time-machine or freezegun says what time this process has."""
    machine = sys.modules.get("time_machine")
    if machine is not None and machine.escape_hatch.is_travelling():
        return True
    freezer = sys.modules.get("freezegun.api")
    return freezer is not None and bool(freezer.freeze_factories)
