"""What is kept of a campaign, and how several processes share one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from durable.models import Event
from tests.campaigns import tally
from tests.campaigns.campaigns import CAMPAIGNS, Piece
from tests.campaigns.desk import Desk
from tests.campaigns.options import Options
from tests.campaigns.sizes import NIGHTLY
from tests.campaigns.stage import wipe
from tests.campaigns.tally import Tally, read
from tests.integration.store import kit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tally, "FOLDER", tmp_path)
    return tmp_path


def fail() -> None:
    kit.event()
    raise AssertionError("two ends")


def test_a_failure_leaves_its_seed_what_was_untrue_and_the_database(folder: Path) -> None:
    kept = Tally(campaign="S toy", seed=17)
    kept.play("killed at 3", fail)
    (told,) = folder.glob("failures/*/told.txt")
    assert "seed 17\nkilled at 3\n\ntwo ends" in told.read_text()
    wipe()
    call_command("loaddata", told.parent / "rows.json", verbosity=0)
    assert Event.objects.count() == 1
    assert kept.failures == ["killed at 3"]


def test_what_was_counted_is_read_as_it_was_written(folder: Path) -> None:
    kept = Tally(campaign="S toy", seed=17)
    kept.play("one", int)
    kept.saw("places", "sequence", 44)
    kept.counts["orders"] += 2
    kept.save()
    (path,) = folder.glob("S-toy-sqlite-*.json")
    assert read(path) == replace(kept, said=read(path).said)


def test_each_piece_goes_to_one_process(tmp_path: Path) -> None:
    pieces = [Piece(name=str(n), play=print) for n in range(5)]
    first, second = Desk(folder=tmp_path).take(pieces), Desk(folder=tmp_path).take(pieces)
    taken = [next(first).name, next(second).name, *(piece.name for piece in first)]
    assert sorted(taken) == ["0", "1", "2", "3", "4"]
    assert list(second) == []


def test_nothing_is_begun_when_the_time_is_over() -> None:
    assert not list(Desk(until=0.0).take([Piece(name="late", play=print)]))


def test_the_same_seed_draws_the_same_pieces_in_the_same_order() -> None:
    drawn = [[piece.name for piece in CAMPAIGNS["singles"].drawn(Options(seed=7))] for _ in "ab"]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == len(drawn[0])


def test_a_night_plays_every_campaign() -> None:
    assert {size.campaign for size in NIGHTLY} == set(CAMPAIGNS)
