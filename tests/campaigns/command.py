"""The command line of the campaigns."""

from __future__ import annotations

import argparse
import logging
import time
from contextlib import suppress
from pathlib import Path

from django.db import connection

from tests import backends
from tests.campaigns import evidence, jobs
from tests.campaigns.campaigns import CAMPAIGNS, Campaign
from tests.campaigns.desk import Desk
from tests.campaigns.mutants import FOUND
from tests.campaigns.options import Options
from tests.campaigns.sizes import Size
from tests.campaigns.tally import StopAskedError, Tally


def main(arguments: list[str]) -> int:
    """Play what is asked for; return 3 if anything untrue was found."""
    given = _parser().parse_args(arguments)
    if given.campaign == ["evidence"]:
        evidence.write()
        return 0
    return FOUND if _failures(given) else 0


def _failures(given: argparse.Namespace) -> int:
    if given.campaign == ["nightly"]:
        return jobs.play_night(given.jobs or jobs.processors(), given.seed)
    if given.jobs is None:
        return _play(given)
    return sum(
        jobs.play(
            Size(campaign=name, words=_words(given), minutes=given.minutes),
            given.database,
            given.jobs,
            given.seed,
        )
        for name in given.campaign
    )


def _words(given: argparse.Namespace) -> tuple[str, ...]:
    """Return what the processes that play together are told, all the same."""
    words = ["--every", str(given.every), "--most", str(given.most)]
    words += [word for name in given.scenario for word in ("--scenario", name)]
    words += [word for name in given.fault for word in ("--fault", name)]
    return (*words, *["--stop"] * given.stop, *["--own-server"] * given.own_server)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("campaign", nargs="+", choices=(*CAMPAIGNS, "nightly", "evidence"))
    parser.add_argument("--database", default="sqlite", choices=backends.NAMES)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is drawn")
    parser.add_argument("--jobs", type=int, help="processes, a database for each")
    parser.add_argument("--minutes", type=float, help="after which no new piece is begun")
    parser.add_argument("--every", type=int, default=1, help="so manieth place only")
    parser.add_argument("--most", type=int, default=1_000_000, help="orders, examples, mutants")
    parser.add_argument("--stop", action="store_true", help="at the first failure")
    parser.add_argument("--own-server", action="store_true", help="one that chaos may strike")
    parser.add_argument("--scenario", action="append", default=[], help="by name, and no other")
    parser.add_argument("--fault", action="append", default=[], help="by name, and no other")
    parser.add_argument("--desk", type=Path, help=argparse.SUPPRESS)  # of the jobs of one campaign
    parser.add_argument("--number", type=int, default=0, help=argparse.SUPPRESS)
    return parser


def _play(given: argparse.Namespace) -> int:
    options = Options(
        seed=given.seed,
        every=given.every,
        most=given.most,
        is_stopped=given.stop,
        is_server_ours=given.own_server,
        scenarios=tuple(given.scenario),
        faults=tuple(given.fault),
    )
    until = None if given.minutes is None else time.time() + given.minutes * 60
    desk = Desk(folder=given.desk, number=given.number, until=until)
    logging.disable(logging.CRITICAL)  # of the engine, which has a lot to complain about
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        return sum(_of(CAMPAIGNS[name], options, desk) for name in given.campaign)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def _of(campaign: Campaign, options: Options, desk: Desk) -> int:
    """Play the pieces of one campaign that are there to be taken; return how many failures there were."""
    pieces = campaign.drawn(options)
    tally = Tally(
        campaign=campaign.name,
        seed=options.seed,
        every=options.every,
        is_stopped=options.is_stopped,
        is_quiet=desk.folder is not None,
        planned=len(pieces),
    )
    with suppress(StopAskedError):
        for piece in desk.take(pieces):
            desk.hand_in(tally)
            piece.play(tally)
            tally.pieces += 1
    desk.hand_in(tally)
    if desk.folder is None:
        tally.save()
    return len(tally.failures)
