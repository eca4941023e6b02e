"""Rules of the package that no linter knows: they are read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import durable

PACKAGE = Path(durable.__file__).parent
CLOCKS = {
    "clock.py",
    "store/condition.py",
    "q2/hints.py",
}  # ours, and what q2 and a server are told
PAYLOADS = {"data", "output", "payload", "result", "body", "stack", "secret", "token", "input"}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log"}
DYNAMIC = {"eval", "exec", "compile", "__import__"}
DANGEROUS = {"pickle", "marshal", "shelve", "yaml", "dill"}
SAVES = {"step.save", "run.save", "row.save"}
TALLIES = "store/rollups.py"  # whose rows are sums, guarded by the one row that says how far


@cache
def sources() -> dict[str, ast.Module]:
    files = (path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text()) for path in files}


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Yield each call with its file and the words of what is called, "logger.info"."""
    for file, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield file, node, words(node.func)


def words(node: ast.expr) -> str:
    """Return a dotted name as it is written; of what is not one, the end of it."""
    if isinstance(node, ast.Attribute):
        return f"{words(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_the_time_is_read_from_one_clock() -> None:
    clocks = ("datetime.now", "datetime.utcnow", "timezone.now", "time.time")
    asked = {file for file, _, called in calls() if called in clocks}
    assert asked <= CLOCKS


def test_nothing_is_unpickled_or_made_code_of() -> None:
    imported = {
        alias.name.partition(".")[0]
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in [*node.names, ast.alias(getattr(node, "module", None) or "")]
    }
    assert not imported & DANGEROUS
    assert not {called for _, _, called in calls()} & DYNAMIC


def test_pages_escape_all_that_they_show() -> None:
    named = {called.rpartition(".")[2] for _, _, called in calls()}
    assert not named & {"mark_safe", "SafeString", "RawSQL", "extra"}


def test_lines_of_logs_are_given_no_payload() -> None:
    found = [
        f"{file}:{call.lineno}"
        for file, call, called in calls()
        if called.partition(".")[0] in ("logger", "logging")
        and called.rpartition(".")[2] in LOGGING
        for argument in call.args[1:]
        for node in ast.walk(argument)
        if (isinstance(node, ast.Name) and node.id in PAYLOADS)
        or (isinstance(node, ast.Attribute) and node.attr in PAYLOADS)
    ]
    assert found == []


def test_runs_and_steps_are_changed_by_statements_that_name_what_they_leave() -> None:
    found = [
        f"{file}:{call.lineno}"
        for file, call, called in calls()
        if file != TALLIES
        if called.endswith("update_or_create")
        or (called in SAVES and "force_insert" not in {word.arg for word in call.keywords})
    ]
    assert found == []


def test_secrets_are_compared_in_constant_time() -> None:
    secrets = {"secret", "signature", "digest", "mac", "token"}
    found = [
        f"{file}:{node.lineno}"
        for file, tree in sources().items()
        if file.startswith(("access/", "rest/", "webhooks/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        for side in (node.left, *node.comparators)
        if words(side).rpartition(".")[2] in secrets
    ]
    assert found == []
