"""What can be seen of functions before any of them runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from durable.authoring import cron
from durable.authoring.event import RESERVED, SYSTEM
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerEvent
from durable.checks.site import TAG


@register(TAG)
def check_ids(**kwargs: Any) -> list[CheckMessage]:
    """Each id belongs to one function."""
    return [
        Error(
            f"Two functions have the id {first.id!r}: {first.place} and {second.place}. Only the "
            "first is known.",
            hint="Give one of them another fn_id, or its Client an app_id.",
            id="durable.E002",
        )
        for first, second in registry.duplicates
    ]


@register(TAG)
def check_support(**kwargs: Any) -> list[CheckMessage]:
    """Nothing is asked for that this version would leave out in silence."""
    return [
        Error(
            f"function {function.id!r}: {what} is not supported yet.",
            hint=f"Take it out of {function.place}; this version would not act on it.",
            id="durable.E003",
        )
        for function in registry
        for what in _unsupported(function)
    ]


def _unsupported(function: Function) -> Iterator[str]:
    for name in function.later:
        yield name if "(" in name else f"{name}="


@register(TAG)
def check_contexts(**kwargs: Any) -> list[CheckMessage]:
    """Async functions take a Context, and sync ones a ContextSync."""
    found: list[CheckMessage] = []
    for function in registry:
        annotated = _context_of(function)
        wanted = "Context" if function.is_async else "ContextSync"
        if annotated in ("Context", "ContextSync") and annotated != wanted:
            kind = "async" if function.is_async else "not async"
            text = f"function {function.id!r} is {kind}, but its context is annotated {annotated}."
            hint = f"At {function.place}: it is given a {wanted}. Annotate that, or change the def."
            found.append(Error(text, hint=hint, id="durable.E007"))
    return found


def _context_of(function: Function) -> str:
    first = next(iter(inspect.signature(function.handler).parameters.values()))
    name = first.annotation
    name = name if isinstance(name, str) else getattr(name, "__name__", "")
    return name.strip("\"'").rpartition(".")[2]


@register(TAG)
def check_triggers(**kwargs: Any) -> list[CheckMessage]:
    """Each event trigger names an event that somebody can send, or that durable sends."""
    return [
        Error(
            f"function {function.id!r} can never be started by {trigger.event!r}: event names that "
            f"begin with {' or '.join(map(repr, RESERVED))} cannot be sent.",
            hint=f"{_instead(trigger.event)}, at {function.place}.",
            id="durable.E009",
        )
        for function in registry.of_site
        for trigger in function.triggers
        if isinstance(trigger, TriggerEvent) and _is_never_sent(trigger)
    ]


def _is_never_sent(trigger: TriggerEvent) -> bool:
    return trigger.event.startswith(RESERVED) and not any(map(trigger.matches, SYSTEM))


def _instead(name: str) -> str:
    own = name.replace("inngest/", "durable/", 1)
    if own in SYSTEM:
        return f"Write {own!r}, which durable sends"
    return f"Choose another name for the event, or one that durable sends ({', '.join(SYSTEM)})"


@register(TAG)
def check_crons(**kwargs: Any) -> list[CheckMessage]:
    """Cron lines can be reckoned with."""
    if cron.is_installed() or not registry.crons:
        return []
    functions = ", ".join(sorted({repr(function) for function, _ in registry.crons}))
    return [
        Error(
            f"cronsim is not installed, and these functions have a TriggerCron: {functions}.",
            hint="pip install django-durable-workflows[cron]",
            id="durable.E013",
        )
    ]


@register(TAG)
def check_threads(**kwargs: Any) -> list[CheckMessage]:
    """Threads are asked for where they are used."""
    return [
        Warning(
            f"function {function.id!r} is async, so threads={function.threads} has no effect.",
            hint="Its coroutines run at the same time anyway, on one loop.",
            id="durable.W008",
        )
        for function in registry
        if function.is_async and function.threads > 1
    ]
