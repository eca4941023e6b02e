"""Events that start nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from durable import signals
from durable.authoring.event import RESERVED
from durable.authoring.registry import registry


def tell_unheard(names: Iterable[str]) -> None:
    """Tell of each name that nobody listens to; those of durable's own events need no listener."""
    for name in dict.fromkeys(names):
        if not name.startswith(RESERVED):
            nearest = partial(registry.nearest, name)
            signals.event_unheard.send_robust(sender=None, name=name, nearest=nearest)
