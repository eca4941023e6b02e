"""What the README, the quickstart and the how-tos show is executed, and does what they say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.module_loading import import_string

import durable
from durable.conf import complaints
from durable.models import Event, Run
from tests.docs.conftest import Play, Read, site
from tests.docs.pages import GUIDES, Page, page
from tests.harness import Player


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_the_settings_it_shows_are_right(read: Read, guide: Page) -> None:
    for number, code in enumerate(guide.blocks("python")):
        if "DURABLE = " in code or "Q_CLUSTER = " in code:
            shown = guide.execute(site(), slice(number, number + 1))
            assert complaints(shown.get("DURABLE", {})) == []
            import_string(shown.get("Q_CLUSTER", {}).get("broker_class", "durable.send"))


@pytest.mark.parametrize("name", ["README.md", "docs/quickstart.md"])
def test_a_new_user_is_welcomed(read: Read, name: str) -> None:
    guide = page(name)
    before = next(n for n, code in enumerate(guide.blocks("python")) if "durable.send(" in code)
    read(guide, slice(before + 1))
    user = User.objects.get()
    assert Player().settle(Run.objects.get()).result == {
        "mail": "mailed ada@example.org",
        "trial": f"user {user.pk} has 14 days",
    }


def test_the_readme_and_the_quickstart_have_the_same_settings() -> None:
    readme = page("README.md").execute(site(), slice(1))
    quickstart = page("docs/quickstart.md").execute(site(), slice(1))
    for name in ("INSTALLED_APPS", "Q_CLUSTER", "DATABASES"):
        assert readme[name] == quickstart[name]


def test_quickstart_shows_a_failure(read: Read) -> None:
    read(page("docs/quickstart.md"), slice(4))
    bob = Player().settle(Run.objects.order_by("pk").last())  # type: ignore[arg-type]
    assert bob.failure is not None
    assert bob.failure["name"] == "ValueError"
    assert {step.name: step.status for step in bob.steps.all()} == {
        "look-up-address": "done",
        "send-mail": "failed",
        "start-trial": "done",
    }


def test_quickstart_goes_on_to_its_end(read: Read) -> None:
    assert callable(read(page("docs/quickstart.md"))["start_trial"])


def test_retry(read: Read, play: Play) -> None:
    shown = read(page("docs/howto/retry.md"))
    assert play("shop/order.placed", "charge-card", order=7) == "charged order 7"
    assert play("shop/order.returned", "refund-order", order=3) == (
        "NonRetriableError: order 3 was never paid"
    )
    assert [shown["double"](attempt) for attempt in (0, 1, 30)] == [1.0, 2.0, 3600.0]
    with pytest.raises(durable.RetryAfterError):
        shown["fetch_rate"](429)


@pytest.mark.parametrize(
    ("event", "function", "data", "result"),
    [
        ("video/uploaded", "publish-video", {"video": "v"}, ["v-480.mp4", "v-1080.mp4", "v.vtt"]),
        ("album/created", "resize-images", {"images": [1, 2, 3]}, 60),
        ("shop/order.paid", "ship-order", {}, ["label 4711", "invoice mailed"]),
        ("shop/order.express", "ship-fast", {}, ["label 1", "invoice"]),
        ("shop/order.delivered", "best-effort", {}, ["no survey", "thanks mailed"]),
        ("crm/batch.due", "ask-many", {}, 40),
    ],
)
def test_parallel(
    read: Read, play: Play, event: str, function: str, data: dict[str, Any], result: Any
) -> None:
    read(page("docs/howto/parallel.md"))
    assert play(event, function, **data) == result


def test_async(read: Read, play: Play) -> None:
    read(page("docs/howto/async.md"))
    User.objects.create_user("ada")
    assert play("crm/contact.created", "enrich", name="Ada") == {
        "news": "news of Ada Ltd",
        "jobs": "jobs of Ada Ltd",
    }
    assert play("crm/list.imported", "enrich-many", names=["a", "b"]) == ["a Ltd", "b Ltd"]
    assert play("crm/report.due", "count-users") == [1, 1]


def test_events_and_transactions(read: Read, play: Play) -> None:
    read(page("docs/howto/events-and-transactions.md"))
    assert User.objects.get().username == "ada"
    assert Event.objects.filter(custom_id="evt_1").count() == 1
    (archived,) = play("shop/order.closed", "close-order", order=9)
    assert Event.objects.get(name="shop/order.archived", pk=archived).value == {"order": 9}
    assert play("stripe/charge.failed", "audit") == "stripe/charge.failed"


def test_a_retired_function_starts_no_more(read: Read, play: Play) -> None:
    read(page("docs/howto/change-a-function-in-flight.md"))
    assert play("shop/order.placed", "fulfil-order-2", order=1) == "order 1 is packed"
    assert Run.objects.count() == 1
