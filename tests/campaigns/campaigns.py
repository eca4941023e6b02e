"""The campaigns as commands: which trials each plays, counted in a tally."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.campaigns import crash, pause
from tests.campaigns.crash import Trial
from tests.campaigns.interleave import explore
from tests.campaigns.options import Options
from tests.campaigns.points import Fault
from tests.campaigns.races import RACES
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.stage import staged, theatre
from tests.campaigns.tally import Tally

_KILLS = (Fault.KILL_BEFORE, Fault.KILL_AFTER)


@contextmanager
def defined(scenario: Scenario) -> Iterator[None]:
    """Have a scenario's functions, and no others."""
    with theatre():
        scenario.define()
        yield


def singles(options: Options) -> Tally:
    """S: each fault at each place of each scenario."""
    tally = Tally(campaign="S singles", seed=options.seed, size=options.size)
    draw = options.draw
    for scenario in options.played:
        with defined(scenario):
            first = draw.randrange(options.every)
            _play(tally, crash.singles(scenario, options.kinds, options.every, first))
            tally.counts["scenarios"] += 1
            tally.counts["places"] += len(crash.count(scenario))
    tally.counts["kinds of faults"] = len(options.kinds)
    return tally


def pairs(options: Options) -> Tally:
    """S: a crash at each place, and one more at each place of the recovery."""
    tally = Tally(campaign="S pairs", seed=options.seed, size=options.size)
    draw = options.draw
    for scenario in options.played:
        with defined(scenario):
            for at in range(1 + draw.randrange(options.every), 10_000, options.every):
                if not _second(tally, scenario, at, options.every):
                    break
            tally.counts["scenarios"] += 1
    return tally


def _second(tally: Tally, scenario: Scenario, at: int, every: int) -> bool:
    """Play all second crashes after one at a place; False if there is no such place."""
    first = (_KILLS[at % 2], at)
    for again in range(1 + at % every, 10_000, every):
        trial = Trial(scenario=scenario, faults=(first, (_KILLS[again % 2], again)))
        played = tally.play(str(trial), lambda trial=trial: crash.play(trial))  # type: ignore[misc]
        if played is not None and not played.has_struck:
            return len(played.traces[0]) >= at
    return True


def forks(options: Options) -> Tally:
    """S: processes of their own that end by SIGKILL, at each place."""
    tally = Tally(campaign="S forked kills", seed=options.seed, size=options.size)
    draw = options.draw
    for scenario in options.played:
        with defined(scenario):
            first = draw.randrange(options.every)
            singles = crash.singles(scenario, [Fault.KILL_BEFORE], options.every, first)
            forked = (
                Trial(scenario=one.scenario, faults=one.faults, is_forked=True) for one in singles
            )
            _play(tally, forked)
            tally.counts["scenarios"] += 1
    return tally


def pauses(options: Options) -> Tally:
    """P: a worker that stands still at each place, while another takes over or the run is cancelled."""
    tally = Tally(campaign="P pauses", seed=options.seed, size=options.size)
    draw = options.draw
    for scenario in options.played:
        with defined(scenario):
            first = 1 + draw.randrange(options.every)
            for meanwhile in (pause.take_over, pause.cancel):
                for at in range(first, 10_000, options.every):
                    play = partial(pause.play, scenario, at, meanwhile)
                    if tally.play(f"{scenario}: {meanwhile.__name__} at {at}", play) is False:
                        break
            tally.counts["scenarios"] += 1
    return tally


def races(options: Options) -> Tally:
    """X: every order of the statements of those who meet."""
    tally = Tally(campaign="X races", seed=options.seed, size=options.size)
    for race in RACES.values():
        if options.scenarios and race.name not in options.scenarios:
            continue
        with theatre(), staged():
            found = tally.play(race.name, partial(explore, race, options.most))
            if found is not None:
                played, locked, is_whole = found
                tally.counts["orders"] += played
                tally.counts["orders in which one waited for a lock"] += locked
                tally.counts["races explored whole"] += is_whole
                tally.figures[race.name] = played
    return tally


def _play(tally: Tally, trials: Iterator[Trial]) -> None:
    for trial in trials:
        tally.play(str(trial), lambda trial=trial: crash.play(trial))  # type: ignore[misc]


CAMPAIGNS: dict[str, Callable[[Options], Tally]] = {
    "singles": singles,
    "pairs": pairs,
    "forks": forks,
    "pauses": pauses,
    "races": races,
}
