"""What the worker says once it is ready."""

from __future__ import annotations

from durable.authoring.registry import registry
from durable.conf import conf
from durable.q2 import options


def greeting(workers: int) -> str:
    """Say who is ready for what; and where to write functions, if there is none."""
    functions = len(registry.of_site)
    parts = [
        f"durable worker: {_count(workers, 'worker')} ready",
        _count(functions, "function"),
        options.describe_broker(),
    ]
    return ", ".join(parts) + ("" if functions else f"\n{_advice()}")


def _advice() -> str:
    file = conf.MODULE.replace(".", "/") + ".py"
    return (
        f"durable worker: WARNING, no function was found. Write one in a file {file} of an app in"
        " INSTALLED_APPS, with @durable.create_function, and start the worker again."
    )


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
