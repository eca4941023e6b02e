"""The campaigns: which trials each plays, in pieces that several processes can share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product

from tests.campaigns import crash, machine, pause
from tests.campaigns.chaos.campaign import burn
from tests.campaigns.crash import Trial
from tests.campaigns.interleave import explore
from tests.campaigns.mutants import Mutant, hunt
from tests.campaigns.options import Options
from tests.campaigns.points import Fault
from tests.campaigns.races import RACES
from tests.campaigns.scenarios import byhand, operators
from tests.campaigns.scenarios.scenario import Scenario
from tests.campaigns.seeded import MUTANTS
from tests.campaigns.stage import staged, theatre
from tests.campaigns.tally import Tally

HUNDRED = 100
TWENTY_MINUTES = 20 * 60  # in which four cores come to ten thousand runs
END = 10_000  # places, more than any scenario has
_KILLS = (Fault.KILL_BEFORE, Fault.KILL_AFTER)
_CUT = 8  # pieces into which the places of one scenario are dealt


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a campaign that is played in one go, the same one whoever plays it.

    Args:
        name: for people.
        play: plays it, and counts it.
    """

    name: str
    play: Callable[[Tally], None]


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One of the letters.

    Args:
        name: its letter and its name.
        pieces: what it is made of.
    """

    name: str
    pieces: Callable[[Options], Iterator[Piece]]

    def drawn(self, options: Options) -> Sequence[Piece]:
        """Return its pieces in an order that the seed decides: who is cut off has drawn by lot."""
        pieces = list(self.pieces(options))
        options.draw.shuffle(pieces)
        return pieces


@contextmanager
def defined(scenario: Scenario) -> Iterator[None]:
    """Have a scenario's functions, and no others."""
    with theatre(scenario.decided):
        scenario.define()
        yield


def singles(options: Options) -> Iterator[Piece]:
    """S: each fault at each place of each scenario."""
    for scenario, fault in product(options.played, options.kinds):
        if fault not in scenario.spared:
            play = partial(_singles, options, scenario, fault)
            yield Piece(name=f"{scenario}, {fault}", play=play)


def _singles(options: Options, scenario: Scenario, fault: Fault, tally: Tally) -> None:
    with defined(scenario):
        whole = tally.play(f"{scenario}: nothing goes wrong", partial(crash.count, scenario))
        if whole is None:
            return
        first = _drawn(options, scenario, fault).randrange(options.every)
        _play(tally, crash.singles(scenario, [fault], options.every, first))
    tally.saw("scenarios", scenario.name)
    tally.saw("places", scenario.name, len(whole))
    tally.saw("kinds of faults", fault.value)


def pairs(options: Options) -> Iterator[Piece]:
    """S: a crash at each place, and one more at each place of the recovery.

    The second is always a kill after a place: that before it is the one after the last.
    """
    for scenario, first in product(options.played, _KILLS):
        again = Fault.KILL_AFTER
        for part in range(_CUT):
            play = partial(_pairs, options, scenario, (first, again), part)
            yield Piece(name=f"{scenario}, {first}, {again}, {part}", play=play)


def _pairs(
    options: Options, scenario: Scenario, kinds: tuple[Fault, Fault], part: int, tally: Tally
) -> None:
    draw = _drawn(options, scenario, *kinds, part)
    with defined(scenario):
        places = len(crash.count(scenario))
        for at in _places(options, draw, part, _CUT, places):
            for again in range(1 + draw.randrange(options.every), END, options.every):
                trial = Trial(scenario=scenario, faults=((kinds[0], at), (kinds[1], again)))
                played = tally.play(str(trial), partial(crash.play, trial))
                if played is not None and not played.has_struck:
                    break
    tally.saw("scenarios", scenario.name)


def _places(
    options: Options, draw: random.Random, part: int, parts: int, last: int = END
) -> Iterator[int]:
    """Yield the places of one part of a scenario: all of them, or every so manieth."""
    first = 1 + part + parts * draw.randrange(options.every)
    yield from range(first, last + 1, parts * options.every)


def forks(options: Options) -> Iterator[Piece]:
    """S: processes of their own that end by SIGKILL, at each place."""
    for scenario, fault in product(options.played, _KILLS):
        play = partial(_forks, options, scenario, fault)
        yield Piece(name=f"{scenario}, {fault}", play=play)


def _forks(options: Options, scenario: Scenario, fault: Fault, tally: Tally) -> None:
    first = _drawn(options, scenario, fault).randrange(options.every)
    with defined(scenario):
        singles = crash.singles(scenario, [fault], options.every, first)
        forked = (
            Trial(scenario=one.scenario, faults=one.faults, is_forked=True) for one in singles
        )
        _play(tally, forked)
    tally.saw("scenarios", scenario.name)


def pauses(options: Options) -> Iterator[Piece]:
    """P: a worker that stands still at each place, while another takes over or the run is cancelled."""
    for scenario, meanwhile in product(options.played, (pause.take_over, pause.cancel)):
        # Who retries, prunes or erases when he wakes changes what was recorded, by rights.
        if scenario.is_deadly or scenario in (*operators.SCENARIOS, *byhand.SCENARIOS):
            continue
        for part in range(_CUT):
            play = partial(_pauses, options, scenario, meanwhile, part)
            yield Piece(name=f"{scenario}, {meanwhile.__name__}, {part}", play=play)


def _pauses(
    options: Options, scenario: Scenario, meanwhile: pause.Meanwhile, part: int, tally: Tally
) -> None:
    draw = _drawn(options, scenario, meanwhile.__name__, part)
    with defined(scenario):
        for at in _places(options, draw, part, _CUT):
            play = partial(pause.play, scenario, at, meanwhile)
            if tally.play(f"{scenario}: {meanwhile.__name__} at {at}", play) is False:
                tally.trials -= 1  # nobody stood still
                break
    tally.saw("scenarios", scenario.name)


def races(options: Options) -> Iterator[Piece]:
    """X: every order of the statements of those who meet."""
    for race in RACES.values():
        if not options.scenarios or race.name in options.scenarios:
            yield Piece(name=race.name, play=partial(_race, options, race.name))


def _race(options: Options, name: str, tally: Tally) -> None:
    with theatre(), staged():
        found = tally.play(name, partial(explore, RACES[name], options.most))
    if found is not None:
        tally.counts["orders"] += found.played
        tally.counts["orders in which one waited for a lock"] += found.locked
        tally.counts["orders left half-way, being like another"] += found.needless
        tally.counts["races explored whole"] += found.is_whole
        tally.figures[name] = found.played


def programs(options: Options) -> Iterator[Piece]:
    """H: random programs, a hundred to a trial."""
    for number in range(max(options.most // HUNDRED, 1)):
        seed, examples = options.seed + number, min(options.most, HUNDRED)
        yield Piece(name=f"seed {seed}", play=partial(_programs, seed, examples))


def _programs(seed: int, examples: int, tally: Tally) -> None:
    with theatre():
        tally.play(f"seed {seed}", partial(machine.explore, examples, seed))
    tally.counts["programs"] += examples


def mutants(options: Options) -> Iterator[Piece]:
    """M: bugs put in on purpose, each of which a campaign must notice. Those asked for, or so many."""
    drawn = list(MUTANTS)
    options.draw.shuffle(drawn)
    for mutant in drawn[: options.most]:
        if not options.scenarios or mutant.name in options.scenarios:
            yield Piece(name=mutant.name, play=partial(_mutant, mutant))


def _mutant(mutant: Mutant, tally: Tally) -> None:
    tally.play(mutant.name, partial(hunt, mutant))
    tally.counts["by " + mutant.killer[0]] += 1


def chaos(options: Options) -> Iterator[Piece]:
    """C: real clusters under fire, for `--most` seconds; twenty minutes if that is not said."""
    seconds = min(options.most, TWENTY_MINUTES)
    yield Piece(name=f"{seconds} seconds", play=partial(_chaos, options, seconds))


def _chaos(options: Options, seconds: int, tally: Tally) -> None:
    tally.play(
        f"{seconds} seconds", partial(burn, tally, seconds, is_server_ours=options.is_server_ours)
    )
    tally.figures["seconds under fire"] = seconds


def _drawn(options: Options, *of: object) -> random.Random:
    """Draw for one piece; the same whoever plays it, and whatever was played before."""
    return random.Random(f"{options.seed} {' '.join(map(str, of))}")


def _play(tally: Tally, trials: Iterator[Trial]) -> None:
    for trial in trials:
        tally.play(str(trial), partial(crash.play, trial))


CAMPAIGNS = {
    pieces.__name__: Campaign(name=name, pieces=pieces)
    for name, pieces in (
        ("S singles", singles),
        ("S pairs", pairs),
        ("S forked kills", forks),
        ("P pauses", pauses),
        ("X races", races),
        ("H programs", programs),
        ("M mutants", mutants),
        ("C chaos", chaos),
    )
}
