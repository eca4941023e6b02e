"""What is played: functions, what clients do, and what must be so in the end."""

from __future__ import annotations

from tests.campaigns.scenarios import byhand, cancelling, groups, operators, steps, timing
from tests.campaigns.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for module in (steps, groups, timing, cancelling, operators, byhand)
    for scenario in module.SCENARIOS
}
