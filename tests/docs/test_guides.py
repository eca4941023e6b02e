"""What the README, the quickstart and the how-tos show is executed, and does what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils.module_loading import import_string

import durable
from durable import clock
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
    assert play("shop/order.placed", "pay-by-card", order=7) == "charged order 7"
    assert play("shop/order.returned", "refund-order", order=3) == (
        "NonRetriableError: order 3 was never paid"
    )
    assert [shown["double"](attempt) for attempt in (0, 1, 30)] == [1.0, 2.0, 3600.0]
    with pytest.raises(durable.RetryAfterError):
        shown["fetch_rate"](429)


def test_time_out_a_step(read: Read, play: Play) -> None:
    read(page("docs/howto/time-out-a-step.md"))
    assert play("bank/rates.due", "import-rates") == {"USD": 1.08}
    assert play("shop/quote.asked", "ask-for-quote") == 16


@pytest.mark.parametrize(
    ("event", "function", "data", "result"),
    [
        ("video/uploaded", "publish-video", {"video": "v"}, ["v-480.mp4", "v-1080.mp4", "v.vtt"]),
        ("album/created", "resize-images", {"images": [1, 2, 3]}, 60),
        ("album/shared", "crop-images", {"images": [1, 2, 3]}, 60),
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
    assert play("cinema/seat.wanted", "hold-seat", seat=7) == "seat 7 is free"


def test_typed_results(read: Read, play: Play) -> None:
    read(page("docs/howto/typed-results.md"))
    stored = {"number": "R-7", "due": "2026-03-01", "total": "19.90"}
    assert play("shop/order.shipped", "bill", order=7) == stored
    mailed = Run.objects.get().steps.get(name="mail")
    assert mailed.result == "mailed: 19.90 are due on 01 March"
    entered = play("shop/address.entered", "verify-address", text="Hill Road, 12345")
    assert entered == "12345"


def test_events_and_transactions(read: Read, play: Play) -> None:
    read(page("docs/howto/events-and-transactions.md"))
    assert User.objects.get().username == "ada"
    assert Event.objects.filter(custom_id="evt_1").count() == 1
    (archived,) = play("shop/order.closed", "archive-order", order=9)
    assert Event.objects.get(name="shop/order.archived", pk=archived).value == {"order": 9}
    assert play("stripe/charge.failed", "audit") == "stripe/charge.failed"


def test_sleep(read: Read, play: Play) -> None:
    read(page("docs/howto/sleep.md"))
    assert play("user/signed.up", "onboarding-mails", user="Ada") == [
        "welcome to Ada",
        "tips to Ada",
        "offer to Ada",
    ]
    assert play("shop/basket.left", "remind") == [
        "reminder after 1d to you",
        "reminder after 1h to you",
    ]


def begun(name: str, function: str, **data: Any) -> Run:
    """Send an event, and have the run come to where it rests."""
    (event,) = durable.send(durable.Event(name=name, data=data))
    Player().work()
    return Run.objects.get(event_id=event, function=function)


def send(name: str, **data: Any) -> None:
    durable.send(durable.Event(name=name, data=data))


def test_wait_for_an_event(read: Read, play: Play) -> None:
    read(page("docs/howto/wait-for-an-event.md"))
    shipped = begun("shop/order.placed", "ship-when-paid", order=7)
    send("shop/order.paid", order=8, amount=1)
    send("shop/order.paid", order=7, amount=12)
    assert Player().settle(shipped).result == "order 7 shipped for 12"
    assert play("shop/order.placed", "ship-when-paid", order=9) == "order 9 cancelled"
    watching = begun("shop/audit.begun", "watch-large-refunds", shop="a", least=100)
    send("shop/order.refunded", shop="b", amount=900)
    send("shop/order.refunded", shop="a", amount=100)
    send("shop/order.refunded", shop="a", amount=300)
    assert Player().settle(watching).result == 300
    send("video/job.done", video="v", url="https://example.org/v")
    assert play("video/uploaded", "transcode", video="v") == "https://example.org/v"


def test_exactly_once(read: Read, play: Play) -> None:
    read(page("docs/howto/exactly-once.md"))
    assert play("bank/account.wanted", "open-account", name="ada") == Group.objects.get().pk


def test_run_on_a_schedule(read: Read) -> None:
    read(page("docs/howto/run-on-a-schedule.md"))
    player, noon = Player(), datetime(2027, 1, 1, 12, tzinfo=UTC)
    for moment in (noon, noon + timedelta(days=1)):
        clock.travel(moment + timedelta(seconds=1) - clock.now())
        player.work()
    assert player.settle(Run.objects.get(function="nightly-report")).result == (
        "17 orders until 2027-01-02T00:30:00.000Z"
    )
    assert player.settle(Run.objects.get(function="refresh-rates")).result == "REFRESHED"


def test_runs_are_managed(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown, player = read(page("docs/howto/manage-runs.md")), Player()
    run = player.settle(shown["place"](17))
    assert shown["status_of"](run.pk) == "place-order is failed"
    assert shown["receipt_of"](run.pk) == "ConnectionError: the bank does not answer"
    Path("bank-is-open").touch()
    shown["when_the_bank_is_back"](run.pk)
    player.settle(run)
    assert shown["receipt_of"](run.pk) == "reserved 17, charged 17"
    again = Run.objects.get(pk=shown["charge_again"](run.pk))
    assert player.settle(again).result == "reserved 17, charged 17"
    other = Run.objects.get(pk=shown["with_other_data"](run.pk))
    assert player.settle(other).result == "reserved 18, charged 18"
    assert not shown["withdraw"](run.pk)
    late = shown["place"](19)
    assert shown["withdraw"](late.pk)
    assert shown["receipt_of"](late.pk) == "cancelled"
    durable.send(durable.Event(name="shop/order.placed", data={"order": 17}))
    assert Run.objects.count() == 4


def test_a_retired_function_starts_no_more(read: Read, play: Play) -> None:
    read(page("docs/howto/change-a-function-in-flight.md"))
    assert play("shop/order.placed", "fulfil-order-2", order=1) == "order 1 is packed"
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("event", "function", "data", "result"),
    [
        ("shop/order.shipped", "close-order", {"order": 7}, "mailed invoice 1007"),
        (
            "shop/day.ended",
            "close-orders",
            {"orders": [1, 2]},
            [{"number": 1001}, {"number": 1002}],
        ),
        (
            "shop/order.lost",
            "close-order-anyway",
            {},
            "Error: could not find function with ID: make-invoise. Did you mean 'make-invoice'?",
        ),
    ],
)
def test_call_another_function(
    read: Read, play: Play, event: str, function: str, data: dict[str, Any], result: Any
) -> None:
    read(page("docs/howto/call-another-function.md"))
    assert play(event, function, **data) == result


def test_react_to_failure(read: Read, play: Play) -> None:
    read(page("docs/howto/react-to-failure.md"))
    failure = play("shop/order.placed", "charge-card", order=7)
    assert failure["message"] == "the card was refused"
    Player().work()
    assert Run.objects.get(function="charge-card-failure").result == "order 7: the card was refused"
    assert Run.objects.get(function="count-failures").result == "charge-card: NonRetriableError"
    assert Run.objects.count() == 3
