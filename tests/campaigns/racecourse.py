"""What all races have in common: rows made anew for each order, and what is so whoever was first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import durable
from durable import clock
from durable.models import Run
from durable.store import Store, get_store
from tests.campaigns.interleave import Acts, Race
from tests.campaigns.stage import stage, wipe
from tests.campaigns.truth import hold_always


def begin(make: Callable[[Store], Acts]) -> Callable[[], Acts]:
    """Make the rows of a race anew, on a stage without any."""

    def anew() -> Acts:
        wipe()
        clock.reset()
        stage().journal.clear()
        return make(get_store())

    return anew


def check(so: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
    """Hold what is so of a race, and what is so always."""

    def checked(results: Sequence[Any]) -> None:
        hold_always(stage())
        so(results)
        hold_always(stage())

    return checked


def the_run() -> Run:
    return Run.objects.get()


def race(name: str, make: Any, so: Any, *bears: type[BaseException]) -> Race:
    return Race(name=name, begin=begin(make), check=check(so), bears=bears)


def one_step(ctx: durable.ContextSync) -> str:
    return str(ctx.step.run("only", stage().act, "only"))
