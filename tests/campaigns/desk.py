"""Where several processes take the pieces of one campaign from: each goes to who comes first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.campaigns import Piece
from tests.campaigns.tally import Tally, read


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A folder with a file for each piece that was taken, and one for each count.

    Args:
        folder: where it is; None if one process plays alone.
        number: of the process that stands at it.
        until: when nothing more is taken, as seconds since 1970; None for never.
    """

    folder: Path | None = None
    number: int = 0
    until: float | None = None

    def take(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield the pieces that nobody else has taken, as long as there is time."""
        for number, piece in enumerate(pieces):
            if self.until is not None and time.time() > self.until:
                return
            if self._is_mine(number):
                yield piece

    def _is_mine(self, number: int) -> bool:
        if self.folder is None:
            return True
        try:
            (self.folder / f"{number}.taken").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def hand_in(self, tally: Tally) -> None:
        """Show what this process has counted so far."""
        if self.folder is not None:
            tally.write(self.folder / f"{self.number}.json")

    def counts(self) -> Sequence[Tally]:
        """Return what all have counted so far."""
        assert self.folder is not None
        return [read(path) for path in self.folder.glob("*.json")]
