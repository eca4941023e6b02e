"""`python -m project.demo`: both workflows on real input, on a real cluster, watched live."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from project.demo import stage


def main() -> int:
    arguments = _arguments()
    file = arguments.file.resolve()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        stage.build()
        from project.demo import play  # it imports models, which Django must have loaded before

        return play.play(file, with_kills=arguments.kill)
    except Stopped as stopped:
        print("\nStopped, and everything that was started with it.")
        return 128 + stopped.number


class Stopped(BaseException):
    """A signal asks to stop. A KeyboardInterrupt may end Python by the signal although it was caught."""

    def __init__(self, number: int) -> None:
        self.number = number


def _stop(number: int, _: Any) -> NoReturn:
    raise Stopped(number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m project.demo", description=__doc__)
    parser.add_argument("--file", type=Path, default=stage.BOOK, help="the text to summarise")
    parser.add_argument("--kill", action="store_true", help="kill -9 the workers in mid-run")
    arguments = parser.parse_args()
    if not arguments.file.is_file():
        parser.error(f"there is no file {arguments.file}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
