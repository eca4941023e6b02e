"""What is played: functions, what clients do, and what must be so in the end."""

from __future__ import annotations

from tests.campaigns.scenarios import (
    asynchronous,
    byhand,
    cancelling,
    crowds,
    groups,
    operators,
    steps,
    timing,
)
from tests.campaigns.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for module in (steps, groups, timing, cancelling, operators, byhand, asynchronous, crowds)
    for scenario in module.SCENARIOS
}
