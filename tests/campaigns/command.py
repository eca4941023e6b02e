"""The command line of the campaigns."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable

from django.db import connection

from tests.campaigns import evidence
from tests.campaigns.campaigns import CAMPAIGNS
from tests.campaigns.mutants import FOUND
from tests.campaigns.options import Options
from tests.campaigns.tally import StopAskedError, Tally


def main(arguments: list[str]) -> int:
    """Play what is asked for; return 3 if anything untrue was found."""
    given = _parser().parse_args(arguments)
    if given.campaign == ["evidence"]:
        evidence.write()
        return 0
    return _play(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("campaign", nargs="+", choices=(*CAMPAIGNS, "evidence"))
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres or mariadb")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is drawn")
    parser.add_argument("--every", type=int, default=1, help="so manieth place only")
    parser.add_argument("--most", type=int, default=1_000_000, help="orders, examples, mutants")
    parser.add_argument("--stop", action="store_true", help="at the first failure")
    parser.add_argument("--own-server", action="store_true", help="one that chaos may strike")
    parser.add_argument("--scenario", action="append", default=[], help="by name, and no other")
    parser.add_argument("--fault", action="append", default=[], help="by name, and no other")
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
    logging.disable(logging.CRITICAL)  # of the engine, which has a lot to complain about
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    failures = 0
    try:
        for name in given.campaign:
            tally = _tally(CAMPAIGNS[name], options)
            tally.save()
            failures += len(tally.failures)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
    return FOUND if failures else 0


def _tally(campaign: Callable[[Options], Tally], options: Options) -> Tally:
    try:
        return campaign(options)
    except StopAskedError as stop:
        return stop.tally
