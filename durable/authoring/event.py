"""The event as authors make and see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RESERVED = ("durable/", "inngest/")  # beginnings of names that are not for senders

INVOKED = "durable/function.invoked"  # a step invoked a function
FINISHED = "durable/function.finished"  # a run ended, however that was
FAILED = "durable/function.failed"
CANCELLED = "durable/function.cancelled"
SYSTEM = (INVOKED, FINISHED, FAILED, CANCELLED)  # durable sends them; functions may trigger on them


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact that happened.

    Args:
        name: for example "shop/order.paid".
        data: plain JSON.
        id: given by the sender to have the event count once, however often it is sent.
        ts: when it happened, in milliseconds since 1970; 0 means now. Runs of a future event start then.
        tenant: whose it is, 128 characters at most. Its runs, what they send and what they invoke have
            the same; they wait for, and are cancelled by, events of that tenant only.
        subject: what it is about: a saved model instance, or "app_label.model:pk". Runs can be listed
            by it.
    """

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    ts: int = 0
    tenant: str = ""
    subject: Any = ""

    def as_dict(self) -> dict[str, Any]:
        """Return what expressions see of it."""
        return {"name": self.name, "data": self.data, "id": self.id, "ts": self.ts}
