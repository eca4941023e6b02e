"""Plays campaigns: `python -m tests.campaigns singles pairs --database postgres --every 3`.

What it counts and finds is in `var/campaigns`; `python -m tests.campaigns evidence` writes the page.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time


def main(arguments: list[str]) -> int:
    """Play what is asked for; return 1 if anything untrue was found."""
    from tests.campaigns.campaigns import CAMPAIGNS

    options = _parser(tuple(CAMPAIGNS)).parse_args(arguments)
    if options.campaign == ["evidence"]:
        from tests.campaigns.evidence import write

        write()
        return 0
    return _play(options)


def _parser(names: tuple[str, ...]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("campaign", nargs="+", choices=(*names, "evidence"))
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres or mariadb")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is drawn")
    parser.add_argument("--every", type=int, default=1, help="so manieth place only")
    parser.add_argument("--most", type=int, default=1_000_000, help="schedules, examples, runs")
    parser.add_argument("--scenario", action="append", default=[], help="by name, and no other")
    parser.add_argument("--fault", action="append", default=[], help="by name, and no other")
    return parser


def _play(given: argparse.Namespace) -> int:
    from django.db import connection

    from tests.campaigns.campaigns import CAMPAIGNS
    from tests.campaigns.options import Options

    options = Options(
        seed=given.seed,
        every=given.every,
        most=given.most,
        scenarios=tuple(given.scenario),
        faults=tuple(given.fault),
    )
    logging.disable(logging.CRITICAL)  # of the engine, which has a lot to complain about
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    failures = 0
    try:
        for name in given.campaign:
            tally = CAMPAIGNS[name](options)
            tally.save()
            failures += len(tally.failures)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
    return 1 if failures else 0


def _set_up() -> None:
    """Choose the database before anybody reads the settings."""
    chosen = [sys.argv[n + 1] for n, word in enumerate(sys.argv[:-1]) if word == "--database"]
    if chosen:
        os.environ["DURABLE_TEST_DATABASE"] = chosen[-1]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


if __name__ == "__main__":
    _set_up()
    sys.exit(main(sys.argv[1:]))
