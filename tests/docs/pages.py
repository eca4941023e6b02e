"""The pages of the documentation, taken apart: blocks of code, tables, links, headings."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from scripts.bootstrap import ROOT

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its blocks."""
        return _BLOCK.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """Return the fenced blocks of a language, in order."""
        return [code for name, code in _BLOCK.findall(self.text) if name == language]

    def links(self) -> list[str]:
        """Return the targets of links and pictures."""
        return _LINK.findall(self.prose)

    def anchors(self) -> set[str]:
        """Return what a link may name behind a #."""
        return {_slug(title) for title in re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)}

    def rows(self, heading: str = "") -> Iterator[list[str]]:
        """Return the cells of each row of the tables, below a heading if one is named."""
        text = self.prose.partition(f"# {heading}\n")[2] if heading else self.prose
        section = re.split(r"^#+ ", text, maxsplit=1, flags=re.MULTILINE)[0] if heading else text
        for line in section.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if cells and not set(cells[0]) <= {"-", ":"}:
                yield cells

    def named(self, heading: str = "") -> list[str]:
        """Return the names in code type that rows of the tables begin with."""
        found = [_CODE.findall(row[0]) for row in self.rows(heading)]
        return [name for names in found for name in names]

    def execute(self, namespace: dict[str, Any], blocks: slice = slice(None)) -> dict[str, Any]:
        """Execute its Python, one block after the other, in one namespace.

        What earlier blocks define can be imported from `shop.workflows`, the file they are shown in.
        """
        shown = sys.modules["shop.workflows"] = ModuleType("shop.workflows")
        sys.modules["shop"] = ModuleType("shop")
        try:
            for number, code in enumerate(self.blocks("python")[blocks]):
                vars(shown).update(namespace)
                exec(compile(code, f"{self}, block {number}", "exec", dont_inherit=True), namespace)
        finally:
            del sys.modules["shop"], sys.modules["shop.workflows"]
        return namespace


def page(name: str) -> Page:
    """Return a page by its path in the repository."""
    return Page(ROOT / name)


def pages(pattern: str = "**/*.md") -> list[Page]:
    """Return the pages of the folder docs."""
    return [Page(path) for path in sorted((ROOT / "docs").glob(pattern))]


def code(cell: str) -> str:
    """Return what stands in code type in a cell."""
    (found,) = _CODE.findall(cell)
    return str(found)


GUIDES = [page("README.md"), page("docs/quickstart.md"), *pages("howto/*.md")]
ALL = [page(f"{name}.md") for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
ALL += pages()


def _slug(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.lower())
    return kept.strip().replace(" ", "-")
