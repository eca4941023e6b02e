"""Which version of each function the workers have that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from durable import codec
from durable.authoring.registry import registry
from durable.conf import conf
from durable.models import Worker
from durable.operations.health.crew import BEATS, MOST
from durable.operations.health.values import Version
from durable.store.clock import database_in


def versions(alias: str) -> tuple[Version, ...]:
    """Return the versions of all functions that any worker has, in the order of functions."""
    since = database_in(-BEATS * conf.HEARTBEAT)
    rows = Worker.objects.using(alias).filter(seen__gte=since).order_by("-seen")
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for host, pid, functions in rows.values_list("host", "pid", "functions")[:MOST]:
        known: Mapping[str, str] = codec.decode(functions)
        for function, version in known.items():
            found[function, version].append(f"{host} {pid}")
    return tuple(
        Version(
            function=function,
            version=version,
            workers=tuple(sorted(workers)),
            is_here=version == _here(function),
        )
        for (function, version), workers in sorted(found.items())
    )


def _here(function: str) -> str | None:
    known = registry.functions.get(function)
    return known.version if known else None
