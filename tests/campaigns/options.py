"""What was asked for on the command line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.campaigns.points import Fault
from tests.campaigns.scenarios import SCENARIOS
from tests.campaigns.scenarios.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much of a campaign is played.

    Args:
        seed: of what is drawn.
        every: so manieth place only.
        scenarios: names; all if empty.
        faults: names; all if empty.
        most: trials, schedules or examples.
        is_stopped: the first failure ends it.
        is_server_ours: the database's server may be struck.
    """

    seed: int = 0
    every: int = 1
    scenarios: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    most: int = 1_000_000
    is_stopped: bool = False
    is_server_ours: bool = False

    @property
    def played(self) -> Sequence[Scenario]:
        """The scenarios that are asked for."""
        return [SCENARIOS[name] for name in self.scenarios or SCENARIOS]

    @property
    def kinds(self) -> Sequence[Fault]:
        """The faults that are asked for."""
        return [Fault[name] for name in self.faults] or list(Fault)

    @property
    def draw(self) -> random.Random:
        """Draws, the same ones for the same seed."""
        return random.Random(self.seed)
