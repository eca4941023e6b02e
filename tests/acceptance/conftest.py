"""What acceptance tests share: a journal, and the functions of the clusters in this process too."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from durable.authoring.registry import registry


class Journal:
    """The words that jobs wrote."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        path.touch()

    def words(self) -> list[str]:
        """Return them in order."""
        return [line.split()[0] for line in Path(self.path).read_text().splitlines()]

    def has_more_than(self, number: int) -> bool:
        """Whether more words than that were written."""
        return len(self.words()) > number

    def has(self, word: str) -> bool:
        """Whether a word was written."""
        return word in self.words()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "journal")


@pytest.fixture
def functions() -> Iterator[None]:
    """The functions of `tests.acceptance.site`, known to this process as senders know them."""
    before = registry.snapshot()
    sys.modules.pop("tests.acceptance.site.workflows", None)
    importlib.import_module("tests.acceptance.site.workflows")
    yield
    registry.restore(before)
