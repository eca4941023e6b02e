"""How long the files and functions of durable are, and which of them are too long."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scripts.bootstrap import ROOT

MOST_LINES_OF_FILE = 300
MOST_LINES_OF_FUNCTION = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    name: str
    lines: int


def files() -> list[Size]:
    """Measure every file but migrations."""
    return [Size(name=_name(path), lines=len(_read(path).splitlines())) for path in _paths()]


def functions() -> list[Size]:
    """Measure every function by its body.

    Parameters and docstring are left out: naming and explaining more shall not cost anything.
    """
    return [size for path in _paths() for size in _functions(path)]


def too_long() -> list[Size]:
    """Return what passes the limits."""
    long_files = [one for one in files() if one.lines > MOST_LINES_OF_FILE]
    return long_files + [one for one in functions() if one.lines > MOST_LINES_OF_FUNCTION]


def summary() -> str:
    """Say in one line how the house is doing."""
    parts = []
    for noun, sizes in (("file", files()), ("function", functions())):
        lines = sorted(one.lines for one in sizes)
        parts.append(f"{noun}: {len(lines)}, median {median(lines):g}, longest {lines[-1]} lines")
    return "; ".join(parts)


def _paths() -> list[Path]:
    found = sorted((ROOT / "durable").rglob("*.py"))
    return [path for path in found if "migrations" not in path.parts and _read(path)]


def _functions(path: Path) -> Iterator[Size]:
    for node in ast.walk(ast.parse(_read(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{_name(path)}:{node.lineno} {node.name}"
            yield Size(name=name, lines=_lines_of_body(node))


def _lines_of_body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body if ast.get_docstring(node, clean=False) is None else node.body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    for size in too_long():
        print(f"{size.name}: {size.lines} lines")
    print(summary())
    sys.exit(1 if too_long() else 0)
