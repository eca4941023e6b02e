"""Measures what durable costs, always against something of the same machine and minute.

python -m bench                        every figure, on every database that answers
python -m bench latency parallel       those figures only
python -m bench load                   the database of a million runs, a backlog, large payloads, …: minutes
python -m bench --database sqlite      on that database only
python -m bench --quick                fewer rounds, one database: under a minute
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version

import psycopg

from bench.figures import FIGURES
from bench.rounds import Spread
from bench.rows import Row, table
from bench.stage import Place
from scripts import servers
from scripts.bootstrap import ROOT
from tests import backends

NAMES = tuple(figure.name for figure in FIGURES)
LOAD = "load"  # all those that take minutes
DATABASES = ("postgres", "sqlite", "mariadb")
OTHER_BROKERS = ("orm", "redis")
PATIENCE = 30.0  # seconds a process may take to put its database away


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for, and print one table."""
    given = _parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(_machine(), flush=True)
    rows: list[Row] = []
    codes: list[int] = []
    try:
        with ExitStack() as stack:
            for place in _places(given, stack):
                if names := _names(place, given.names):
                    codes.append(_play(place, names, rows, is_quick=given.quick))
    except KeyboardInterrupt:
        codes.append(1)
        print("interrupted; this is what was measured until then")
    print(f"\n{table(rows)}\n\nload average now {_load()}")
    return 1 if any(codes) else 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    lines = str(__doc__).splitlines()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=lines[0],
        epilog="\n".join(lines[2:]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*NAMES, LOAD)))
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    if unknown := set(given.names).difference(NAMES, (LOAD,)):
        parser.error(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return given


def _places(given: argparse.Namespace, stack: ExitStack) -> Iterator[Place]:
    """Find the databases, and the other brokers that can be had on the first of them."""
    is_first = True
    for name in given.database or DATABASES:
        server = servers.find(name, stack)
        if not server.is_reachable:
            print(f"{name}: left out, {server.remark}", flush=True)
            continue
        if name == "postgres":
            _describe(server)
        url = "" if name == "sqlite" else server.url
        yield Place(database=name, broker="durable", url=url)
        if is_first and given.quick and not given.database:
            return
        for broker in OTHER_BROKERS if is_first and not given.quick else ():
            reason = backends.why_unreachable("redis") if broker == "redis" else ""
            if reason:
                print(f"redis: left out, {reason}", flush=True)
            else:
                yield Place(database=name, broker=broker, url=url)
        is_first = False


def _describe(server: servers.Server) -> None:
    """Say how this server commits; an embedded one is told to do it as others do."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        if server.remark == "embedded":
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")
    with psycopg.connect(server.url, autocommit=True) as connection:
        said = [
            f"{name} {connection.execute(f'SHOW {name}').fetchone()[0]}"  # type: ignore[index]
            for name in ("server_version", "fsync", "synchronous_commit", "autovacuum")
        ]
    print(f"postgres: {server.remark or 'a server'}, {', '.join(said)}", flush=True)


def _play(place: Place, names: Sequence[str], rows: list[Row], *, is_quick: bool) -> int:
    """Measure in a process of its own, and add its rows; return its exit code.

    When this process is to end, that one gives what it has, and puts its database away.
    """
    command = [sys.executable, "-m", "bench.play", *names]
    command += ["--database", place.database, "--broker", place.broker, "--url", place.url]
    process = subprocess.Popen(
        command + ["--quick"] * is_quick,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C comes to it once, by way of this process
    )
    try:
        output, _ = process.communicate()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
        raise
    finally:
        lines = output.strip().splitlines()
        found = json.loads(lines[-1]) if lines else []
        rows += [Row(**{**row, "spread": Spread(**row["spread"])}) for row in found]
    return process.returncode


def _names(place: Place, wanted: Sequence[str]) -> list[str]:
    fitting = [figure for figure in FIGURES if place.broker in figure.brokers]
    return [
        figure.name
        for figure in fitting
        if figure.name in wanted or (LOAD in wanted if figure.is_load else not wanted)
    ]


def _machine() -> str:
    parts = [
        f"Python {platform.python_version()}",
        f"Django {version('django')}",
        f"django-q2 {version('django-q2')}",
        f"{os.cpu_count()} cores",
        f"load average {_load()}",
    ]
    return ", ".join(parts)


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
