"""What goes into a broker says that there is work, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django_q.signing import SignedPackage

import durable
from durable.q2 import hints
from durable.wake import hint, use
from durable.wake.hint import Hint
from tests.harness import EVENT, Player

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry")]

SECRET = "canary-4111"


def test_message_of_the_own_broker_is_a_name_without_arguments() -> None:
    told = SignedPackage.loads(hints.package())
    assert (told["func"], told["args"], told["kwargs"]) == ("durable.tasks.drain", (), {})


def test_message_to_other_brokers_is_a_name_without_arguments(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr(hint, "async_task", lambda *args, **named: sent.append((args, named)))
    Player().define(lambda ctx: None)
    with use(Hint(workers=1)), django_capture_on_commit_callbacks(execute=True):
        durable.send(durable.Event(name=EVENT, data={"card": SECRET}))
    assert sent == [(("durable.tasks.drain",), {"save": False, "ack_failure": True, "timeout": -1})]
