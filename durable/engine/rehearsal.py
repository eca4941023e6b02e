"""What tests do to the steps of runs: put something in their place, or end the worker there.

In production nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from durable.playback.request import Request


class Prompter(Protocol):
    """Who stands beside the stage."""

    def asked(self, function: str, request: Request) -> Request:
        """A step is called: return it, or what is to be done instead."""

    def recorded(self, function: str, request: Request) -> None:
        """What became of one execution of a step is recorded."""


@contextmanager
def use(prompter: Prompter) -> Iterator[None]:
    """Let somebody interfere for a while, besides those who do so already."""
    global _prompters
    _prompters = (*_prompters, prompter)
    try:
        yield
    finally:
        _prompters = tuple(one for one in _prompters if one is not prompter)


def asked(function: str, request: Request) -> Request:
    """Return what is to be done for a step call."""
    for prompter in _prompters:
        request = prompter.asked(function, request)
    return request


def recorded(function: str, request: Request) -> None:
    """Tell that something was recorded."""
    for prompter in _prompters:
        prompter.recorded(function, request)


_prompters: tuple[Prompter, ...] = ()
