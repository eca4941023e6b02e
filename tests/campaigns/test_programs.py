"""H: some random programs; their seed is that of the test run."""

from __future__ import annotations

import os

import pytest

from tests.campaigns import machine
from tests.campaigns.stage import theatre

pytestmark = [pytest.mark.timeout(120), pytest.mark.sqlite]

SEED = int(os.environ.get("DURABLE_TEST_SEED", "0"))


def test_random_programs_come_to_what_was_reckoned() -> None:
    with theatre():
        machine.explore(40, SEED)
