"""Which version of each function the workers have that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from durable import codec
from durable.authoring.registry import registry
from durable.operations.health.values import Version


def versions(workers: Iterable[Any]) -> tuple[Version, ...]:
    """Return the versions of all functions that any of the workers has, in the order of functions."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for worker in workers:
        known: Mapping[str, str] = codec.decode(worker.known or "{}")
        for function, version in known.items():
            found[function, version].append(f"{worker.host} {worker.pid}")
    return tuple(
        Version(
            function=function,
            version=version,
            workers=tuple(sorted(names)),
            is_here=version == _here(function),
        )
        for (function, version), names in sorted(found.items())
    )


def _here(function: str) -> str | None:
    known = registry.functions.get(function)
    return known.version if known else None
