"""What nothing in durable does, because it has hurt others. No linter knows these rules."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from scripts.bootstrap import ROOT

Look = Callable[[ast.AST], bool]

_LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_PAYLOADS = {"data", "payload", "output", "result", "body", "secret", "token", "headers"}
_SECRETS = ("secret", "digest", "signature", "token", "hmac")
_CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "time.time", "timezone.now"}
_UNSAFE = {"pickle", "marshal", "shelve", "dill", "yaml", "xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Args:
    says: what is not done.
    breaks: finds where it is.
    example: a line that does it.
    but_in: modules that may, and why.
    """

    says: str
    breaks: Look
    example: str
    but_in: tuple[str, ...] = ()


def called(node: ast.AST) -> str:
    """Return the name of what is called, with what it belongs to: "datetime.now"."""
    return ".".join(ast.unparse(node.func).split(".")[-2:]) if isinstance(node, ast.Call) else ""


def reads_what_may_be_a_program(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [one.name for one in node.names] + [getattr(node, "module", None) or ""]
        return any(name.partition(".")[0] in _UNSAFE for name in names)
    return called(node) in ("eval", "exec", "compile", "__import__")


def trusts_html_or_sql(node: ast.AST) -> bool:
    name = called(node)
    return name in ("mark_safe", "RawSQL") or name.endswith((".extra", ".mark_safe"))


def looks_at_another_clock(node: ast.AST) -> bool:
    return called(node) in _CLOCKS


def saves_a_step(node: ast.AST) -> bool:
    name = called(node)
    return name.endswith("update_or_create") or name in ("step.save", "row.save")


def compares_secrets_plainly(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return False
    sides = (node.left, *node.comparators)
    names = [ast.unparse(one).rpartition(".")[2] for one in sides if not _is_constant(one)]
    return any(name.startswith(_SECRETS) for name in names) and not any(map(_is_constant, sides))


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)


def logs_a_payload(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr not in _LOGS or not ast.unparse(node.func.value).endswith("logger"):
        return False
    names = {getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(node)}
    return bool(names & _PAYLOADS)


RULES = (
    Rule(
        says="reads pickles, YAML or programs",
        breaks=reads_what_may_be_a_program,
        example="import pickle",
    ),
    Rule(
        says="takes text for HTML or SQL",
        breaks=trusts_html_or_sql,
        example="page = mark_safe(text)",
    ),
    Rule(
        says="asks another clock than durable.clock",
        breaks=looks_at_another_clock,
        example="now = datetime.now(UTC)",
        # itself; the form of a task of django-q2; how far this machine's clock is off
        but_in=("clock.py", "q2/hints.py", "store/condition.py"),
    ),
    Rule(
        says="saves a row that its verb moves",
        breaks=saves_a_step,
        example="step.save()",
        but_in=("store/rollups.py",),  # a sum of its own, under a lock
    ),
    Rule(
        says="compares secrets in a time that tells",
        breaks=compares_secrets_plainly,
        example="if secret == given: pass",
    ),
    Rule(
        says="logs payloads",
        breaks=logs_a_payload,
        example="logger.info('it returned %s', run.output)",
    ),
)


@cache
def trees() -> dict[str, ast.Module]:
    folder = Path(ROOT, "durable")
    return {
        path.relative_to(folder).as_posix(): ast.parse(path.read_text())
        for path in sorted(folder.rglob("*.py"))
        if "migrations" not in path.parts
    }


def broken(rule: Rule) -> Iterator[str]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if name not in rule.but_in and rule.breaks(node):
                yield f"{name}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says.replace(" ", "-"))
def test_nothing_of_durable(rule: Rule) -> None:
    assert list(broken(rule)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says.replace(" ", "-"))
def test_each_rule_finds_what_breaks_it(rule: Rule) -> None:
    assert any(rule.breaks(node) for node in ast.walk(ast.parse(rule.example)))
