"""The pages about events: why functions matched or not, whom an event woke, sending and sending again."""

from __future__ import annotations

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

import durable
from durable import wake
from durable.authoring.registry import Registry
from durable.models import Event, Operation, Run
from durable.wake.inprocess import Counter
from tests.harness import Player
from tests.integration import rows
from tests.integration.browsers import get, staff

pytestmark = pytest.mark.django_db
LIST = "/admin/durable/event/"


@pytest.fixture(autouse=True)
def functions(fresh_registry: Registry) -> None:
    make = durable.create_function
    trigger = durable.TriggerEvent
    make(fn_id="all", trigger=trigger(event="order/*"))(lambda ctx: None)
    make(fn_id="rich", trigger=trigger(event="order/paid", expression="event.data.total > 5"))(
        lambda ctx: None
    )
    make(fn_id="odd", trigger=trigger(event="order/paid", expression="-1 in event.data.many"))(
        lambda ctx: None
    )
    make(fn_id="once", trigger=trigger(event="order/paid"), idempotency="event.data.order")(
        lambda ctx: None
    )
    make(fn_id="deaf", trigger=trigger(event="other"))(lambda ctx: None)


def send(**data: object) -> Event:
    with wake.use(Counter()):
        return Event.objects.get(pk=durable.send(durable.Event(name="order/paid", data=data))[0])


def page(browser: Client, event: Event) -> dict[str, str]:
    """Return what the page says of each function that listens."""
    response = browser.get(f"{LIST}{event.pk}/change/")
    assert response.status_code == 200, response
    return {one["id"]: str(one["why"]) for one in response.context["verdicts"]}


def test_the_page_says_why_functions_matched_and_others_did_not(admin_client: Client) -> None:
    first = send(total=3, order=1)
    send(total=3, order=1, many=list(range(100_001)))
    said = page(admin_client, Event.objects.exclude(pk=first.pk).get())
    assert "it started this run" in said["all"]
    assert said["rich"] == "its condition does not hold for this event"
    assert "more than 100,000 steps" in said["odd"]
    assert "idempotency key" in said["once"]
    assert "deaf" not in said


def test_a_function_that_came_later_says_so(admin_client: Client) -> None:
    event = rows.event("order/paid", data='{"total":9}')
    assert page(admin_client, event)["all"] == "it listens now, but did not when the event came in"


def test_an_event_that_nobody_listens_to_names_the_nearest(admin_client: Client) -> None:
    shown = get(admin_client, f"{LIST}{rows.event('othre').pk}/change/")
    assert "Did you mean other?" in shown


def test_runs_that_waited_for_an_event_are_shown(admin_client: Client) -> None:
    def waits(ctx: durable.ContextSync) -> None:
        ctx.step.wait_for_event("shipped", event="order/shipped", timeout="1d")

    player = Player()
    with wake.use(Counter()):
        player.define(waits, fn_id="patient")
        run = player.send()
        player.work()
        event = durable.send(durable.Event(name="order/shipped"))[0]
        player.work()
    shown = get(admin_client, f"{LIST}{event}/change/")
    assert f'/admin/durable/run/{run.pk}/change/">patient</a></th><td>shipped' in shown
    assert "1 run, woke 1" in get(admin_client, LIST)


def test_a_test_event_is_sent_and_written_down(admin_client: Client) -> None:
    form = {"event": "order/paid", "payload": '{"total": 7}', "custom_id": "t-1"}
    response = admin_client.post(f"{LIST}send/", form)
    event = Event.objects.get()
    assert response.headers["Location"] == f"{LIST}{event.pk}/change/"
    assert sorted(Run.objects.values_list("function", flat=True)) == ["all", "once", "rich"]
    done = Operation.objects.get()
    assert (done.action, done.kind, done.target) == ("send", "event", str(event.pk))
    assert LogEntry.objects.get().change_message == "send: order/paid"


@pytest.mark.parametrize(
    "form",
    [
        {"event": "", "payload": "{}"},
        {"event": "durable/function.failed", "payload": "{}"},
        {"event": "inngest/x", "payload": "{}"},
        {"event": "x" * 257, "payload": "{}"},
        {"event": "x", "payload": "[]"},
        {"event": "x", "payload": "{"},
        {"event": "x", "payload": '{"a": NaN}'},
        {"event": "x", "payload": '{"card_token": "[hidden]"}'},
    ],
)
def test_what_is_no_event_is_refused_in_the_form(
    admin_client: Client, form: dict[str, str]
) -> None:
    response = admin_client.post(f"{LIST}send/", form)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Event.objects.exists()


def test_an_event_is_sent_again_to_all_that_match(admin_client: Client) -> None:
    event = send(total=9, order=1)
    admin_client.post(f"{LIST}{event.pk}/resend/", {"functions": "all"})
    runs = Run.objects.filter(event=event)
    assert sorted(runs.filter(replay=1).values_list("function", flat=True)) == [
        "all",
        "once",
        "rich",
    ]
    assert sorted(Operation.objects.get().change[1]["runs"]) == ["all", "once", "rich"]  # type: ignore[index]
    assert LogEntry.objects.count() == 1


def test_an_event_is_sent_again_to_chosen_functions(admin_client: Client) -> None:
    event = send(total=1, order=1)
    form = {"functions": "chosen", "function": ["rich", "deaf", "nobody"]}
    admin_client.post(f"{LIST}{event.pk}/resend/", form)
    runs = Run.objects.filter(event=event, function__in=["rich", "deaf"])
    assert sorted(runs.values_list("function", "replay")) == [("deaf", 0), ("rich", 0)]


def test_both_books_say_which_functions_were_started_again_and_what_their_runs_were(
    admin_client: Client,
) -> None:
    event = send(total=1, order=1)
    first = Run.objects.get(event=event, function="all")
    form = {"functions": "chosen", "function": ["all", "deaf"]}
    admin_client.post(f"{LIST}{event.pk}/resend/", form)
    second = Run.objects.get(event=event, function="all", replay=1)
    deaf = Run.objects.get(event=event, function="deaf")
    said = LogEntry.objects.get().change_message
    assert said == f"resend: all: {first.pk} → {second.pk}; deaf: None → {deaf.pk}"
    assert Operation.objects.get().change == (
        {"runs": {"all": str(first.pk)}},
        {"runs": {"all": str(second.pk), "deaf": str(deaf.pk)}},
    )


def test_choosing_none_starts_nothing(admin_client: Client) -> None:
    event = send(total=1, order=1)
    before = Run.objects.count()
    admin_client.post(f"{LIST}{event.pk}/resend/", {"functions": "chosen"})
    assert (Run.objects.count(), Operation.objects.count()) == (before, 0)


def test_an_erased_event_is_not_sent_again(admin_client: Client) -> None:
    event = send(total=1, order=1)
    Event.objects.update(erased=rows.ago(1))
    before = Run.objects.count()
    response = admin_client.post(f"{LIST}{event.pk}/resend/", {"functions": "all"}, follow=True)
    assert "was erased" in response.content.decode()
    assert Run.objects.count() == before


@pytest.mark.parametrize("permission", ["send_event", "resend_event"])
def test_without_the_permission_a_post_by_hand_is_refused(permission: str) -> None:
    event = send(total=9, order=1)
    before = Run.objects.count()
    others = {"send_event", "resend_event"} - {permission}
    browser = staff("view_event", "view_run", *others)
    path = "send/" if permission == "send_event" else f"{event.pk}/resend/"
    form = {"event": "x", "payload": "{}", "functions": "all"}
    assert browser.post(f"{LIST}{path}", form).status_code == 403
    assert (Run.objects.count(), Operation.objects.count()) == (before, 0)


def word_of(browser: Client, path: str) -> str:
    """Return the word by which a form is known."""
    return str(browser.get(path).context["durable_once"])


def test_a_form_that_is_sent_twice_sends_one_event(admin_client: Client) -> None:
    form = {
        "event": "order/paid",
        "payload": "{}",
        "durable_once": word_of(admin_client, f"{LIST}send/"),
    }
    admin_client.post(f"{LIST}send/", form)
    said = admin_client.post(f"{LIST}send/", form, follow=True).content.decode()
    assert "That was done before; nothing was changed." in said
    assert (Event.objects.count(), Operation.objects.count()) == (1, 1)


def test_a_form_that_was_refused_can_be_sent_again(admin_client: Client) -> None:
    form = {
        "event": "durable/own",
        "payload": "{}",
        "durable_once": word_of(admin_client, f"{LIST}send/"),
    }
    admin_client.post(f"{LIST}send/", form)
    admin_client.post(f"{LIST}send/", {**form, "event": "order/paid"})
    assert Event.objects.get().name == "order/paid"


def test_a_button_that_is_pressed_twice_starts_functions_again_once(admin_client: Client) -> None:
    event = send(total=1, order=1)
    form = {"functions": "all", "durable_once": word_of(admin_client, f"{LIST}{event.pk}/change/")}
    for _ in range(2):
        admin_client.post(f"{LIST}{event.pk}/resend/", form)
    assert Run.objects.filter(event=event, function="all").count() == 2


def test_an_event_like_one_that_came_in_is_offered(admin_client: Client) -> None:
    first = send(total=1)
    send(total=2)
    shown = get(admin_client, f"{LIST}{first.pk}/change/")
    assert f'{LIST}send/?like={first.pk}"' in shown
    initial = admin_client.get(f"{LIST}send/?like={first.pk}").context["form"].initial
    assert (initial["event"], json.loads(initial["payload"])) == ("order/paid", {"total": 1})


def test_a_test_event_of_a_name_that_never_came_has_the_example_of_the_code(
    admin_client: Client,
) -> None:
    trigger = durable.TriggerEvent(event="order/lost", example={"order": 7})
    durable.create_function(fn_id="lost", trigger=trigger)(lambda ctx: None)
    initial = admin_client.get(f"{LIST}send/?name=order/lost").context["form"].initial
    assert json.loads(initial["payload"]) == {"order": 7}


def test_sending_again_needs_a_post(admin_client: Client) -> None:
    assert admin_client.get(f"{LIST}{send().pk}/resend/").status_code == 405


def test_who_may_not_see_payloads_sees_none() -> None:
    event = send(total="confidential")
    browser = staff("view_event", "send_event", "view_run")
    assert "confidential" not in get(browser, f"{LIST}{event.pk}/change/")
    assert "confidential" not in get(browser, f"{LIST}send/?name=order/paid")
    assert "formaction" not in get(browser, f"{LIST}{event.pk}/change/")


def test_why_a_condition_cannot_be_computed_is_not_said_to_who_may_not_see_payloads() -> None:
    event = send(many=list(range(100_001)))
    said = page(staff("view_event", "view_run"), event)
    assert said["odd"] == "its condition cannot be computed"
