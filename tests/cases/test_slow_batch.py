"""A batch that takes long gives back what it has not begun: other workers may be idle."""

from __future__ import annotations

from functools import partial

import pytest

import durable
from durable.models import Step
from tests.harness import Player, journal, say, steps_of

NAMES = tuple("abcdefgh")


def look(player: Player, name: str) -> str:
    """Write down which steps others could claim while this one runs."""
    pending = Step.objects.filter(status="pending").order_by("id")
    journal.append(f"{name}: {''.join(pending.values_list('name', flat=True))}")
    return name


@pytest.fixture(autouse=True)
def long_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.engine.batch.LONG", 0.0)
    monkeypatch.setattr("durable.engine.pace.QUICK", 0.0)


def test_every_step_is_done_once_though_batches_give_up(player: Player) -> None:
    def together(ctx: durable.ContextSync) -> list[str]:
        return list(ctx.group.parallel(tuple(partial(ctx.step.run, n, say, n) for n in NAMES)))

    player.define(together)
    run = player.settle(player.send())
    assert run.result == list(NAMES)
    assert sorted(journal) == list(NAMES)
    assert set(steps_of(run).values()) == {"done"}


def test_what_is_left_can_be_claimed_when_the_first_step_has_taken_long(player: Player) -> None:
    def together(ctx: durable.ContextSync) -> list[str]:
        calls = tuple(partial(ctx.step.run, name, look, player, name) for name in NAMES)
        return list(ctx.group.parallel(calls))

    player.define(together)
    player.settle(player.send())
    first, second, *_ = journal
    assert first == "a: efgh"
    assert second == "e: bcdgh"
