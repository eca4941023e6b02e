"""The line of the log that says who sent which events."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from durable.models import Key
from durable.rest.base import View

logger = logging.getLogger("durable.api")


def tell_sent(view: View, ids: Sequence[str]) -> None:
    """Write down who made a request, and the ids it was answered with, when they are committed."""
    if not ids:
        return
    key, operation = view.request.auth, view.operation
    logger.info(
        "%s: %s, %d",
        view.actor.who,
        operation,
        len(ids),
        extra={
            "key": key.prefix if isinstance(key, Key) else "",
            "operation": operation,
            "count": len(ids),
            "ids": ids,
        },
    )
