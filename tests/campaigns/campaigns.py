"""The campaigns as commands: which trials each plays, counted in a tally."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.campaigns import crash, machine, pause
from tests.campaigns.chaos.campaign import burn
from tests.campaigns.crash import Trial
from tests.campaigns.interleave import explore
from tests.campaigns.mutants import hunt
from tests.campaigns.options import Options
from tests.campaigns.points import Fault
from tests.campaigns.races import RACES
from tests.campaigns.scenarios import byhand, operators
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.seeded import MUTANTS
from tests.campaigns.stage import staged, theatre
from tests.campaigns.tally import Tally

HUNDRED = 100
TWELVE_MINUTES = 12 * 60
_KILLS = (Fault.KILL_BEFORE, Fault.KILL_AFTER)


@contextmanager
def defined(scenario: Scenario) -> Iterator[None]:
    """Have a scenario's functions, and no others."""
    with theatre():
        scenario.define()
        yield


def singles(options: Options) -> Tally:
    """S: each fault at each place of each scenario."""
    tally = _tally("S singles", options)
    draw = options.draw
    for scenario in options.played:
        with defined(scenario):
            first = draw.randrange(options.every)
            whole = tally.play(f"{scenario}: nothing goes wrong", partial(crash.count, scenario))
            if whole is None:
                continue
            _play(tally, crash.singles(scenario, options.kinds, options.every, first))
            tally.counts["scenarios"] += 1
            tally.counts["places"] += len(whole)
    tally.counts["kinds of faults"] = len(options.kinds)
    return tally


def pairs(options: Options) -> Tally:
    """S: a crash at each place, and one more at each place of the recovery."""
    tally = _tally("S pairs", options)
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
    tally = _tally("S forked kills", options)
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
    tally = _tally("P pauses", options)
    draw = options.draw
    for scenario in options.played:
        # Who retries, prunes or erases when he wakes changes what was recorded, by rights.
        if scenario.is_deadly or scenario in (*operators.SCENARIOS, *byhand.SCENARIOS):
            continue
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
    tally = _tally("X races", options)
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


def programs(options: Options) -> Tally:
    """H: random programs, a hundred to a trial."""
    tally = _tally("H programs", options)
    for number in range(max(options.most // HUNDRED, 1)):
        with theatre():
            examples = min(options.most, HUNDRED)
            play = partial(machine.explore, examples, options.seed + number)
            tally.play(f"seed {options.seed + number}", play)
            tally.counts["programs"] += examples
    return tally


def mutants(options: Options) -> Tally:
    """M: bugs put in on purpose, each of which a campaign must notice. Those asked for, or so many."""
    tally = _tally("M mutants", options)
    drawn = list(MUTANTS)
    options.draw.shuffle(drawn)
    for mutant in drawn[: options.most]:
        if not options.scenarios or mutant.name in options.scenarios:
            tally.play(mutant.name, partial(hunt, mutant))
            tally.counts["by " + mutant.killer[0]] += 1
    return tally


def chaos(options: Options) -> Tally:
    """C: real clusters under fire, for `--most` seconds; twelve minutes if that is not said."""
    tally = _tally("C chaos", options)
    seconds = min(options.most, TWELVE_MINUTES)
    tally.play(
        f"{seconds} seconds", partial(burn, tally, seconds, is_server_ours=options.is_server_ours)
    )
    tally.figures["seconds under fire"] = seconds
    return tally


def _tally(campaign: str, options: Options) -> Tally:
    return Tally(
        campaign=campaign, seed=options.seed, size=options.size, is_stopped=options.is_stopped
    )


def _play(tally: Tally, trials: Iterator[Trial]) -> None:
    for trial in trials:
        tally.play(str(trial), lambda trial=trial: crash.play(trial))  # type: ignore[misc]


CAMPAIGNS: dict[str, Callable[[Options], Tally]] = {
    "singles": singles,
    "pairs": pairs,
    "forks": forks,
    "pauses": pauses,
    "races": races,
    "programs": programs,
    "mutants": mutants,
    "chaos": chaos,
}
