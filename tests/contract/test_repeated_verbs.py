"""What is said again to a database in trouble is given the same things again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT

USED_UP = ("Iterable", "Iterator", "Generator")


def repeated() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(Path(ROOT, "durable", "store").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and "retried" in map(
                ast.unparse, node.decorator_list
            ):
                yield f"{path.stem}.{node.name}", node


@pytest.mark.parametrize("verb", [pytest.param(node, id=name) for name, node in repeated()])
def test_a_repeated_verb_takes_nothing_that_is_used_up_by_reading(verb: ast.FunctionDef) -> None:
    kinds = [ast.unparse(one.annotation) for one in verb.args.args if one.annotation]
    assert not [kind for kind in kinds if kind.startswith(USED_UP)]
