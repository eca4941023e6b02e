"""Runs everything CI runs, and prints one table of what came of it.

python -m scripts.run_tests                 all of it
python -m scripts.run_tests checks unit     only what is named: checks, unit, sqlite, postgres,
                                            mariadb, redis, 3.12, 3.13
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from scripts import checks, interpreters, servers
from scripts.rows import (
    ALONE,
    ALONE_ONCE,
    ALONE_ONLY,
    ONCE,
    PARALLEL,
    TOGETHER_ONLY,
    Result,
    Row,
    run,
)

Found = dict[str, servers.Server]

SERVERS = ("sqlite", "postgres", "mariadb", "redis")
# Every how manieth case is played where all of them would take too long, and every how manieth of the
# dear ones, with threads at each statement or processes of their own; DURABLE_TEST_FULL=1 plays all.
SHARES = {"sqlite": 1, "postgres": 6, "mariadb": 12, "another Python": 24}
DEAR = 8
ELSEWHERE = (
    "tests/unit",
    "tests/integration",
    "tests/cases",
    "tests/testing",
    "tests/scenarios",
)
NAMES = ("checks", "unit", *SERVERS, *(one.python for one in interpreters.others()))


def main(wanted: list[str]) -> int:
    """Run what is wanted, all if nothing is named; return the exit status."""
    unknown = set(wanted).difference(NAMES)
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}.")
        return 2
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)  # ignored in what a shell starts in the background
    results: list[Result] = []
    try:
        if _is_wanted("checks", wanted):
            print("── checks " + "─" * 64, flush=True)
            if not checks.run():
                return _summary([Result(name="checks", failed=1)])
        with ExitStack() as stack:
            for row in _rows(wanted, stack):
                results.append(row if isinstance(row, Result) else run(row))
    except KeyboardInterrupt:
        results.append(Result(name="interrupted", failed=1))
    return _summary(results)


def _stop(number: int, _: Any) -> None:
    raise KeyboardInterrupt


def _is_wanted(name: str, wanted: list[str]) -> bool:
    return not wanted or name in wanted


def _rows(wanted: list[str], stack: ExitStack) -> Iterator[Row | Result]:
    if _is_wanted("unit", wanted):
        yield Row(name="unit", parallel=ONCE)
    found: Found = {}
    for name in SERVERS:
        if _is_wanted(name, wanted) or (name == "postgres" and _wants_others(wanted)):
            found[name] = servers.find(name, stack)
    for name, server in found.items():
        if _is_wanted(name, wanted):
            yield _server_row(name, server, found)
    for interpreter in interpreters.others():
        if _is_wanted(interpreter.python, wanted):
            yield from _interpreter_rows(interpreter, found)


def _wants_others(wanted: list[str]) -> bool:
    return any(one.python in wanted for one in interpreters.others())


def _server_row(name: str, server: servers.Server, found: Found) -> Row | Result:
    if not server.is_reachable:
        return _skipped(name, server.remark)
    if name == "redis":
        return Row(name=name, alone=("tests", "-m", "redis"), environment=_redis(server, found))
    share = SHARES[name]
    return Row(
        name=name,
        parallel=(*PARALLEL, "-m", TOGETHER_ONLY),
        alone=(*(ALONE_ONCE if name == "sqlite" else ALONE), "-m", ALONE_ONLY),
        environment={**_on(name, server), **_every(share)},
        remark=_remark(server.remark, share),
    )


def _every(share: int) -> dict[str, str]:
    return {
        "DURABLE_TEST_EVERY": str(_share(share)),
        "DURABLE_TEST_EVERY_DEAR": str(_share(DEAR)),
    }


def _share(share: int) -> int:
    return 1 if _is_full() else share


def _is_full() -> bool:
    return bool(os.environ.get("DURABLE_TEST_FULL"))


def _remark(remark: str, share: int) -> str:
    some = f"1 case of {_share(share)}" if _share(share) > 1 else ""
    dear = "" if _is_full() else f"1 dear one of {DEAR}"
    return ", ".join(filter(None, [remark, some, dear]))


def _redis(server: servers.Server, found: Found) -> dict[str, str]:
    """Keep the rows in Postgres where there is one, the messages in Redis."""
    postgres = found.get("postgres", servers.Server())
    tables = _on("postgres", postgres) if postgres.is_reachable else {}
    return {**tables, "DURABLE_TEST_REDIS": server.url}


def _interpreter_rows(
    interpreter: interpreters.Interpreter, found: Found
) -> Iterator[Row | Result]:
    python = interpreter.prepare()
    if not python:
        yield _skipped(str(interpreter), "not installed")
        return
    folders: dict[str, tuple[str, ...]] = {"sqlite": ELSEWHERE}
    if _is_full():
        folders["postgres"] = ("tests/integration",)
    for name, tests in folders.items():
        server = found.get(name, servers.Server(url="sqlite:" if name == "sqlite" else ""))
        if server.is_reachable:
            share = SHARES["another Python"]
            yield Row(
                name=f"{interpreter}, {name}",
                parallel=(*tests, "-m", TOGETHER_ONLY),
                environment={**_on(name, server), **_every(share)},
                python=python,
                remark=_remark("", share if name == "sqlite" else 1),
            )


def _on(name: str, server: servers.Server) -> dict[str, str]:
    return {"DURABLE_TEST_DATABASE": name, f"DURABLE_TEST_{name.upper()}": server.url}


def _skipped(name: str, reason: str) -> Result:
    print(f"\n── {name}: SKIPPED, {reason}", flush=True)
    return Result(name=name, remark=f"SKIPPED: {reason}")


def _summary(results: list[Result]) -> int:
    """Print the table and the line CI reads."""
    width = max([len(one.name) for one in results] + [8])
    print(f"\n{'':{width}}  passed  failed  skipped  seconds")
    for one in results:
        counts = f"{one.passed:6}  {one.failed:6}  {one.skipped:7}  {one.seconds:7.1f}"
        print(f"{one.name:{width}}  {counts}  {one.remark}".rstrip())
    passed, failed, skipped = (
        sum(getattr(one, key) for one in results) for key in ("passed", "failed", "skipped")
    )
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
