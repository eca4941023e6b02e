"""The web process may be killed at any time: what was answered for is stored, once, with its runs."""

from __future__ import annotations

from collections import Counter

import pytest

from durable.access.keys import Rights, make
from durable.models import Event, Run
from durable.operations.audit import Actor
from durable.store import get_store
from tests.acceptance.clusters import eventually
from tests.acceptance.web import Sender, Web

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "acceptance/ping"
EACH = 60  # events of a sender
KILLS = 2


def token() -> str:
    actor = Actor(who="a test", via="command")
    return make(get_store(), actor, Rights(name="test").key()).secret


def ids(sender: int) -> list[str]:
    return [f"{sender}-{n}" for n in range(EACH)]


@pytest.mark.parametrize("is_compatible", [False, True], ids=["events", "e"])
def test_nothing_that_was_answered_for_is_lost(is_compatible: bool) -> None:
    key = token()
    path = f"/e/{key}" if is_compatible else "/durable/events/"
    with Web() as web:
        senders = [Sender(web.port, path, key, NAME, ids(n), gives_up=n == 0) for n in range(4)]
        for sender in senders:
            sender.start()
        for number in range(1, KILLS + 1):
            goal = number * 3 * EACH // (KILLS + 1)
            eventually(lambda goal=goal: sum(len(one.answered) for one in senders[1:]) >= goal)  # type: ignore[misc]
            web.kill()
            web.start()
        eventually(lambda: not any(sender.is_alive() for sender in senders))
    answered = {one: pk for sender in senders for one, pk in sender.answered.items()}
    rows = dict(Event.objects.values_list("custom_id", "pk"))
    assert Event.objects.count() == len(rows)
    assert {one: str(rows[one]) for one in answered} == answered
    assert set(rows) - set(answered) <= senders[0].unknown
    assert all(len(sender.answered) == EACH for sender in senders[1:])
    runs = Counter(Run.objects.values_list("event_id", flat=True))
    assert runs == dict.fromkeys(rows.values(), 1)
