"""`python -m project.demo`: both workflows on real input, on a real cluster, watched live."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from durable import NonRetriableError
from project.demo import stage
from project.demo.stopping import Stopped, follow
from project.text import source
from project.text.chunks import split


def main() -> int:
    arguments = _arguments()
    file = arguments.file.resolve()
    follow()
    try:
        stage.build()
        from project.demo import play  # it imports models, which Django must have loaded before

        return play.play(file, with_kills=arguments.kill)
    except Stopped as stopped:
        print("\nStopped, and everything that was started with it.")
        return 128 + stopped.number


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m project.demo", description=__doc__)
    parser.add_argument("--file", type=Path, default=stage.BOOK, help="the text to summarise")
    parser.add_argument("--kill", action="store_true", help="kill -9 the workers in mid-run")
    arguments = parser.parse_args()
    if not arguments.file.is_file():
        parser.error(f"there is no file {arguments.file}")
    try:
        text, _ = source.read(str(arguments.file))
    except NonRetriableError as error:
        parser.error(str(error))
    if not split(text):
        parser.error(f"{arguments.file} holds no words")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
