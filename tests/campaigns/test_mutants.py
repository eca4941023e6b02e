"""M: bugs put in on purpose are noticed. Two of them here, drawn by seed; `make campaign` hunts all."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.campaigns.mutants import ROOT, Mutant, hunt
from tests.campaigns.seeded import MUTANTS
from tests.campaigns.truth import UntrueError

SEED = int(os.environ.get("DURABLE_TEST_SEED", "0"))
QUICK = [mutant for mutant in MUTANTS if mutant.killer[0] == "singles"]
DRAWN = random.Random(SEED).sample(QUICK, 2)

pytestmark = [pytest.mark.timeout(240), pytest.mark.sqlite]


@pytest.mark.parametrize("mutant", DRAWN, ids=lambda mutant: mutant.name)
def test_a_bug_is_noticed(mutant: Mutant) -> None:
    hunt(mutant)


def test_what_is_no_bug_is_not_noticed() -> None:
    harmless = Mutant(
        name="another word",
        file="engine/cancel.py",
        old='ASKED = "It was cancelled by durable.cancel."',
        new='ASKED = "It was cancelled."',
        killer=("singles", "--scenario", "cancel, queued", "--every", "20"),
    )
    with pytest.raises(UntrueError, match="survived"):
        hunt(harmless)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_words_that_a_mutant_replaces_are_there(mutant: Mutant) -> None:
    text = Path(ROOT, "durable", mutant.file).read_text()
    assert text.count(mutant.old) == 1


def test_there_are_at_least_thirty() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
