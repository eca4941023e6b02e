"""The two events of the demo. The payment is the fixture with ids of its own, as if it were new."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import durable
from project.demo import stage


@dataclass(frozen=True, slots=True)
class Sent:
    event_id: str  # of our row
    data: dict[str, Any]


def send_text(file: Path) -> Sent:
    return _send(durable.Event(name="text/submitted", data={"path": str(file)}))


def send_payment() -> Sent:
    payload = json.loads(stage.PAYMENT.read_text())
    unique = uuid.uuid4().hex[:12]
    payload["id"] += unique
    payload["data"]["object"]["id"] += unique
    return _send(durable.Event(name="stripe/charge.succeeded", id=payload["id"], data=payload))


def _send(event: durable.Event) -> Sent:
    (event_id,) = durable.send(event)
    return Sent(event_id, dict(event.data))
