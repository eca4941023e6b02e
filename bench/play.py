"""Measures some figures on one database and broker, in a process of its own: `python -m bench.play`.

Django can be set up once in a process. Progress goes to stderr, rows to stdout, as JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, replace

from bench.rows import Row
from bench.stage import Place, Stage, opened


def main(arguments: list[str]) -> int:
    """Measure; return how many figures could not be."""
    given = _parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = Place(database=given.database, broker=given.broker, url=given.url)
    rows: list[Row] = []
    failed = 0
    try:
        with opened(place, is_quick=given.quick) as stage:
            for name in given.names:
                try:
                    rows.extend(_measure(name, stage))
                except Exception:  # noqa: BLE001  the other figures are wanted all the same
                    traceback.print_exc()
                    failed += 1
    except KeyboardInterrupt:
        failed += 1
    finally:
        print(json.dumps([asdict(row) for row in rows]), flush=True)
    return failed


def _measure(name: str, stage: Stage) -> Iterator[Row]:
    began = time.monotonic()
    figure = importlib.import_module(f"bench.figures.{name}")
    for row in figure.measure(stage):
        yield replace(row, figure=name, on=str(stage.place))
    took, load = time.monotonic() - began, os.getloadavg()[0]
    print(f"  {name} on {stage.place}: {took:.1f} s, load {load:.1f}", file=sys.stderr, flush=True)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.play")
    parser.add_argument("names", nargs="+")
    parser.add_argument("--database", required=True)
    parser.add_argument("--broker", default="durable")
    parser.add_argument("--url", default="")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
