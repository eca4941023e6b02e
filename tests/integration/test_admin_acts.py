"""What may be done from the admin: by whom, in which state, and what is written down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client, override_settings

from durable import wake
from durable.admin import run_bulk
from durable.authoring.registry import Registry
from durable.models import Event, Operation, Run, RunStatus, Step, StepStatus, Wait
from durable.operations.act import Deed, act
from durable.operations.audit import Actor
from durable.operations.selection import Selection
from durable.own import bulk
from durable.wake.inprocess import Counter
from tests.integration import rows

pytestmark = pytest.mark.django_db

PERMISSIONS = {
    "cancel": "cancel_run",
    "retry": "retry_run",
    "replay": "replay_run",
    "skip": "skip_run",
    "deliver": "signal_run",
    "erase": "erase_run",
}
VIEW = ("view_run", "view_step", "view_attempt", "view_operation")


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with wake.use(Counter()):
        yield


def browser_of(*permissions: str, **options: Any) -> Client:
    user = User.objects.create_user(f"user-{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client(**options)
    browser.force_login(user)
    return browser


def ready(verb: str) -> tuple[Run, dict[str, str]]:
    """Return a run to which it can be done, and the form that asks for it."""
    if verb in ("retry", "replay", "erase"):
        return rows.run(RunStatus.FAILED), {}
    if verb == "cancel":
        return rows.run(RunStatus.QUEUED), {}
    run = rows.run(RunStatus.WAITING, pending=1)
    op = "sleep" if verb == "skip" else "wait"
    step = rows.step(run, "rest", StepStatus.PENDING, op=op, mode="wait", started=rows.ago(5))
    if verb == "deliver":
        Wait.objects.create(run=run, step=step, event="order/paid", created=rows.ago(5))
    return run, {f"durable_{verb}": str(step.pk), "durable_data": '{"n": 1}'}


def post(browser: Client, run: Run, verb: str, form: dict[str, str] | None = None) -> Any:
    return browser.post(f"/admin/durable/run/{run.pk}/act/{verb}/", form or {})


def page(browser: Client, run: Run) -> str:
    return browser.get(f"/admin/durable/run/{run.pk}/change/").content.decode()


@pytest.mark.parametrize("verb", PERMISSIONS)
def test_who_has_the_permission_does_it_and_both_books_say_so(verb: str) -> None:
    run, form = ready(verb)
    browser = browser_of(*VIEW, PERMISSIONS[verb])
    assert f"/act/{verb}/" in page(browser, run)
    response = post(browser, run, verb, form)
    assert response.status_code == 302
    operation = Operation.objects.get()
    assert (operation.action, operation.target, operation.via) == (verb, str(run.pk), "admin")
    assert operation.change[0] == {"status": str(run.status)}
    entry = LogEntry.objects.get()
    assert entry.object_id == str(run.pk)
    assert f"durable: {verb}; status was {run.status}, is " in entry.change_message


@pytest.mark.parametrize("verb", ["skip", "deliver"])
def test_both_books_name_the_step_that_was_meant(admin_client: Client, verb: str) -> None:
    run, form = ready(verb)
    post(admin_client, run, verb, form)
    after: Any = Operation.objects.get().change[1]
    assert after["step"] == "rest"
    assert "; step: rest" in LogEntry.objects.get().change_message


def test_the_admins_log_says_from_where_a_run_was_replayed_and_what_was_made(
    admin_client: Client,
) -> None:
    run = rows.run(RunStatus.FAILED)
    rows.step(run, "charge")
    form = {"durable_from": "charge", "durable_input": '{"other": "input"}'}
    post(admin_client, run, "replay", form)
    new = Run.objects.get(replay_of=run.pk)
    assert LogEntry.objects.get().change_message == (
        f"durable: replay; status was failed, is failed; step: charge; input: edited; made: {new.pk}"
    )


@pytest.mark.parametrize("verb", PERMISSIONS)
def test_who_may_only_view_sees_no_button_and_is_refused(verb: str) -> None:
    run, form = ready(verb)
    others = [name for other, name in PERMISSIONS.items() if other != verb]
    browser = browser_of(*VIEW, *others)
    assert f"/act/{verb}/" not in page(browser, run)
    assert post(browser, run, verb, form).status_code == 403
    assert not Operation.objects.exists()
    assert "data-durable-part>\n\n</div>" in page(browser_of(*VIEW), run)


@pytest.mark.parametrize("verb", PERMISSIONS)
def test_the_permission_is_worth_nothing_without_that_to_view(verb: str) -> None:
    run, form = ready(verb)
    assert post(browser_of(PERMISSIONS[verb]), run, verb, form).status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("verb", PERMISSIONS)
def test_it_takes_a_post_with_the_token_of_the_form(verb: str) -> None:
    run, form = ready(verb)
    browser = browser_of(*VIEW, PERMISSIONS[verb], enforce_csrf_checks=True)
    assert post(browser, run, verb, form).status_code == 403
    assert browser.get(f"/admin/durable/run/{run.pk}/act/{verb}/").status_code == 405
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("verb", "status", "sentence"),
    [
        ("cancel", RunStatus.COMPLETED, "only a run that has not ended can be cancelled"),
        ("retry", RunStatus.COMPLETED, "only runs that have failed or were cancelled"),
        ("erase", RunStatus.QUEUED, "has not ended and needs its payloads"),
        ("skip", RunStatus.COMPLETED, "has no step"),
        ("deliver", RunStatus.COMPLETED, "has no step"),
    ],
)
def test_what_the_state_forbids_is_refused_with_a_sentence(
    admin_client: Client, verb: str, status: str, sentence: str
) -> None:
    run = rows.run(status)
    response = post(admin_client, run, verb, {f"durable_{verb}": "gone"})
    assert sentence in str(next(iter(get_messages(response.wsgi_request))))
    assert f"/act/{verb}/" not in page(admin_client, run)
    assert not LogEntry.objects.exists()


def test_strangers_are_sent_to_log_in_and_nothing_is_done() -> None:
    run, form = ready("retry")
    response = post(Client(), run, "retry", form)
    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]
    assert not Operation.objects.exists()


def test_a_verb_that_is_none_is_not_found(admin_client: Client) -> None:
    assert post(admin_client, rows.run(), "explode").status_code == 404


def test_a_replay_from_a_step_with_other_input_keeps_what_was_hidden(
    admin_client: Client, fresh_registry: Registry
) -> None:
    data = {"order": 7, "card_token": "tok_1", "lines": [{"password": "p", "n": 1}]}
    run = rows.run(event=rows.event(data=json.dumps(data)))
    rows.step(run, "load")
    rows.step(run, "charge")
    shown = page(admin_client, run)
    assert "tok_1" not in shown
    assert "[hidden]" in shown
    edited = {"order": 8, "card_token": "[hidden]", "lines": [{"password": "[hidden]", "n": 2}]}
    form = {"durable_from": "charge", "durable_input": json.dumps(edited), "durable_once": "w"}
    response = post(admin_client, run, "replay", form)
    again = post(admin_client, run, "replay", form)
    new = Run.objects.get(replay_of=run.pk)
    assert response.headers["Location"] == again.headers["Location"]
    assert response.headers["Location"] == f"/admin/durable/run/{new.pk}/change/"
    assert new.event is not None
    assert new.event.value == {
        "order": 8,
        "card_token": "tok_1",
        "lines": [{"password": "p", "n": 2}],
    }
    assert [step.name for step in new.steps.all()] == ["load"]


def test_a_replay_never_gives_one_item_the_secret_of_another(admin_client: Client) -> None:
    data = {"cards": [{"name": "A", "token": "ta"}, {"name": "B", "token": "tb"}]}
    run = rows.run(event=rows.event(data=json.dumps(data)))
    form = {"durable_input": '{"cards": [{"name": "B", "token": "[hidden]"}]}'}
    response = post(admin_client, run, "replay", form)
    said = str(next(iter(get_messages(response.wsgi_request))))
    assert said.startswith("$.cards[0].token is [hidden]")
    assert said.endswith("write it in full.")
    assert Run.objects.count() == 1


@pytest.mark.parametrize("verb", ["replay", "deliver"])
def test_nothing_that_is_left_hidden_is_given_to_a_run(admin_client: Client, verb: str) -> None:
    run, form = ready(verb)
    text = '{"token": "[hidden]"}'
    responses = [
        post(admin_client, run, verb, form | {"durable_data": text, "durable_input": text}),
        choose(admin_client, verb, [run], durable_sure="yes", durable_data=text),
    ]
    for response in responses:
        assert "$.token is [hidden]" in str(next(iter(get_messages(response.wsgi_request))))
    assert not Operation.objects.exists()


@pytest.mark.parametrize("text", ["{", "[1]", "7", '{"a": NaN}', "nul"])
def test_input_that_is_no_object_is_refused(admin_client: Client, text: str) -> None:
    run = rows.run()
    response = post(admin_client, run, "replay", {"durable_input": text})
    assert "JSON" in str(next(iter(get_messages(response.wsgi_request))))
    assert Run.objects.count() == 1


def test_payloads_are_for_who_may_see_them(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED, event=rows.event(data='{"iban_": "canary"}'))
    step = rows.step(run, "charge", output='"canary"')
    tried = rows.failed_try(run, step, message="canary", stack="canary")
    step_page = f"/admin/durable/step/{step.pk}/change/"
    try_page = f"/admin/durable/attempt/{tried.pk}/change/"
    blind, seeing = browser_of(*VIEW, "replay_run"), browser_of(*VIEW, "view_payload")
    paths = (f"/admin/durable/run/{run.pk}/change/", step_page, try_page, "/admin/durable/attempt/")
    for path in paths:
        assert "canary" not in blind.get(path).content.decode(), path
    assert "canary" in seeing.get(paths[0]).content.decode()
    assert "canary" in seeing.get(step_page).content.decode()
    assert "canary" in seeing.get(try_page).content.decode()
    for what in ("event/0", f"step/{step.pk}", f"try/{tried.pk}", "error/0"):
        assert blind.get(f"/admin/durable/run/{run.pk}/value/{what}/").status_code == 403
        assert seeing.get(f"/admin/durable/run/{run.pk}/value/{what}/").status_code == 200


def test_payloads_of_a_hidden_function_are_for_nobody(admin_client: Client) -> None:
    run = rows.run(function="payroll-monthly", event=rows.event(data='{"pay": "canary"}'))
    step = rows.step(run, "charge", output='"canary"')
    with override_settings(DURABLE={"HIDE_PAYLOADS_OF": ["payroll-*"]}):
        shown = page(admin_client, run)
        assert "canary" not in shown
        assert "HIDE_PAYLOADS_OF" in shown
        path = f"/admin/durable/run/{run.pk}/value/step/{step.pk}/"
        assert admin_client.get(path).status_code == 403
        step_page = admin_client.get(f"/admin/durable/step/{step.pk}/change/").content.decode()
        assert "canary" not in step_page


def test_a_value_of_another_run_is_not_found(admin_client: Client) -> None:
    run, step = rows.run(), rows.step(rows.run())
    path = f"/admin/durable/run/{run.pk}/value"
    for what in (f"step/{step.pk}", f"step-error/{step.pk}", "try/1", "error/0", "nonsense/0"):
        assert admin_client.get(f"{path}/{what}/").status_code == 404


def test_the_fragment_is_sent_once_and_then_not_until_something_changed(
    admin_client: Client,
) -> None:
    run = rows.run()
    rows.step(run)
    path = f"/admin/durable/run/{run.pk}/live/"
    first = admin_client.get(path)
    etag = first.headers["ETag"]
    assert "charge" in first.content.decode()
    again = admin_client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    rows.step(run, "mail")
    assert admin_client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_the_fragment_is_for_who_may_view_runs() -> None:
    run = rows.run()
    path = f"/admin/durable/run/{run.pk}/live/"
    assert browser_of("view_event").get(path).status_code == 403
    assert "charge" not in browser_of("view_run").get(path).content.decode()
    gone = path.replace(str(run.pk), "00000000-0000-7000-8000-000000000000")
    assert browser_of("view_run").get(gone).status_code == 404


def choose(browser: Client, verb: str, runs: list[Run], query: str = "", **form: str) -> Any:
    chosen = {"action": f"{verb}_runs", "_selected_action": [str(run.pk) for run in runs]}
    return browser.post(f"/admin/durable/run/{query}", {**chosen, **form})


def test_ticked_runs_are_done_after_a_question() -> None:
    browser = browser_of(*VIEW, "retry_run")
    failed, fine = [rows.run(RunStatus.FAILED) for _ in range(2)], rows.run()
    asked = choose(browser, "retry", [*failed, fine])
    assert "Yes, do it" in asked.content.decode()
    assert not Operation.objects.exists()
    done = choose(browser, "retry", [*failed, fine], durable_sure="yes", durable_once="w")
    said = [str(message) for message in get_messages(done.wsgi_request)]
    assert said[0] == "Done to 2 runs."
    assert "is completed: only runs that have failed" in said[1]
    assert Operation.objects.filter(action="retry").count() == 2
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("verb", ["skip", "deliver"])
def test_ticked_runs_that_rest_are_woken_and_others_are_left(
    admin_client: Client, verb: str
) -> None:
    resting, _ = ready(verb)
    fine = rows.run()
    asked = choose(admin_client, verb, [resting, fine]).content.decode()
    assert ("durable_data" in asked) == (verb == "deliver")
    form = {"durable_sure": "yes", "durable_once": "w", "durable_data": '{"n": 1}'}
    for _ in range(2):
        done = choose(admin_client, verb, [resting, fine], **form)
    said = [str(message) for message in get_messages(done.wsgi_request)]
    assert any("is completed, and not in" in sentence for sentence in said)
    assert Operation.objects.filter(action=verb).count() == 1
    assert Step.objects.get(run=resting).status == "done"
    resting.refresh_from_db()
    assert resting.status == "queued"


def test_an_event_for_many_that_is_no_object_is_refused(admin_client: Client) -> None:
    run, _ = ready("deliver")
    done = choose(admin_client, "deliver", [run], durable_sure="yes", durable_data="[1]")
    assert "JSON object" in str(next(iter(get_messages(done.wsgi_request))))
    assert not Operation.objects.exists()


def test_an_event_is_delivered_to_all_that_match_and_its_data_is_in_no_book(
    admin_client: Client,
) -> None:
    run, _ = ready("deliver")
    form = {"select_across": "1", "durable_sure": "yes", "durable_data": '{"canary": 1}'}
    choose(admin_client, "deliver", [run], "?status__exact=waiting", **form)
    own = Run.objects.get(function="durable-bulk")
    assert own.event is not None
    wish: Any = own.event.value
    assert wish["data"] == {"canary": 1}
    assert "canary" not in Operation.objects.get().after


def test_ticked_runs_are_replayed_once_if_the_form_is_sent_twice(admin_client: Client) -> None:
    run = rows.run()
    for _ in range(2):
        choose(admin_client, "replay", [run], durable_sure="yes", durable_once="w")
    assert Run.objects.filter(replay_of=run.pk).count() == 1


@pytest.mark.parametrize("verb", PERMISSIONS)
def test_actions_are_offered_to_who_has_the_permission_and_refused_to_others(verb: str) -> None:
    run = rows.run(RunStatus.FAILED)
    able, blind = browser_of(*VIEW, PERMISSIONS[verb]), browser_of(*VIEW)
    assert f'value="{verb}_runs"' in able.get("/admin/durable/run/").content.decode()
    assert f'value="{verb}_runs"' not in blind.get("/admin/durable/run/").content.decode()
    choose(blind, verb, [run], durable_sure="yes")
    assert not Operation.objects.exists()
    assert not Event.objects.filter(name="durable/bulk.asked").exists()


def test_all_that_match_are_done_by_a_run_of_our_own(admin_client: Client) -> None:
    runs = [rows.run(RunStatus.FAILED, "shop") for _ in range(3)]
    query = "?status__exact=failed&function=shop&period=day"
    asked = choose(admin_client, "retry", runs[:1], query, select_across="1")
    assert "function: shop" in asked.content.decode()
    form = {"select_across": "1", "durable_sure": "yes", "durable_once": "w"}
    done = choose(admin_client, "retry", runs[:1], query, **form)
    again = choose(admin_client, "retry", runs[:1], query, **form)
    own = Run.objects.get(function="durable-bulk")
    assert done.headers["Location"] == f"/admin/durable/run/{own.pk}/change/"
    assert again.headers["Location"] == done.headers["Location"]
    assert own.event is not None
    asked_for: Any = own.event.value
    assert asked_for["verb"] == "retry"
    assert {"status": "failed", "function": "shop"}.items() <= asked_for["selection"].items()
    assert "Counting the runs that match" in page(admin_client, own)


def test_the_admins_log_says_where_to_find_what_was_done_to_all_that_match(
    admin_client: Client,
) -> None:
    run = rows.run(RunStatus.FAILED, "shop")
    form = {"select_across": "1", "durable_sure": "yes"}
    choose(admin_client, "retry", [run], "?function=shop", **form)
    own = Run.objects.get(function="durable-bulk")
    entry = LogEntry.objects.get()
    assert entry.object_id == str(own.pk)
    assert entry.change_message.startswith("durable: retry many; runs that match {")
    assert entry.change_message.endswith(f"in the table of operations, with bulk: {own.pk}")


def test_what_a_bulk_did_to_a_run_links_to_that(admin_client: Client) -> None:
    run, own = rows.run(RunStatus.FAILED), rows.run(RunStatus.RUNNING, "durable-bulk")
    act(Actor(who="anna", via="admin"), Deed(verb="retry", run=run.pk, bulk=str(own.pk)))
    link = f'bulk: <a class="durable-link" href="/admin/durable/run/{own.pk}/change/">{own.pk}</a>'
    assert link in page(admin_client, run)


def test_the_number_of_those_that_match_is_said_before_anything_is_done(
    admin_client: Client,
) -> None:
    runs = [rows.run(RunStatus.FAILED, "shop") for _ in range(3)]
    rows.run(RunStatus.FAILED, "other")
    asked = choose(admin_client, "retry", runs[:1], "?function=shop", select_across="1")
    assert "3 runs match, and are meant: also those beyond this page." in asked.content.decode()
    asked = choose(admin_client, "retry", runs[:2], "?function=shop")
    assert "These 2 runs are meant." in asked.content.decode()


def test_those_that_match_are_counted_no_further_than_anybody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "COUNTED", 3)
    for _ in range(5):
        rows.run(RunStatus.FAILED)
    assert bulk.meant("retry", Selection(status="failed")) == 4


def test_more_than_are_counted_are_said_to_be_more(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_bulk, "COUNTED", 2)
    runs = [rows.run(RunStatus.FAILED) for _ in range(3)]
    asked = choose(admin_client, "retry", runs[:1], select_across="1")
    assert "More than 2 runs match, and are meant" in asked.content.decode()


def test_runs_that_come_after_the_question_are_not_taken(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED)
    asked = choose(admin_client, "retry", [run], "?status__exact=failed", select_across="1")
    word = str(asked.context["durable_once"])
    rows.run(RunStatus.FAILED)
    form = {"select_across": "1", "durable_sure": "yes", "durable_once": word}
    choose(admin_client, "retry", [run], "?status__exact=failed", **form)
    own = Run.objects.get(function="durable-bulk")
    assert own.event is not None
    wish: Any = own.event.value
    assert wish["selection"]["until"] == word


def test_ticked_runs_are_replayed_from_a_step_with_other_input(admin_client: Client) -> None:
    run = rows.run(event=rows.event(data='{"amount":5,"order":1}'))
    rows.step(run, "load")
    rows.step(run, "charge")
    asked = choose(admin_client, "replay", [run]).content.decode()
    assert '<option value="charge">' in asked
    form = {"durable_sure": "yes", "durable_from": "charge", "durable_data": '{"amount": 7}'}
    choose(admin_client, "replay", [run], **form)
    new = Run.objects.get(replay_of=run.pk)
    assert new.event is not None
    assert new.event.value == {"amount": 7, "order": 1}
    assert [step.name for step in new.steps.all()] == ["load"]


def test_input_that_was_erased_is_not_replaced_in_part(admin_client: Client) -> None:
    run = rows.run(event=rows.event(erased=rows.ago(1)))
    form = {"durable_sure": "yes", "durable_data": '{"amount": 7}'}
    done = choose(admin_client, "replay", [run], **form)
    said = [str(message) for message in get_messages(done.wsgi_request)]
    assert any("was erased" in sentence for sentence in said)
    assert not Run.objects.filter(replay_of=run.pk).exists()


def test_progress_of_a_run_of_our_own_is_a_bar(admin_client: Client) -> None:
    own = rows.run(RunStatus.RUNNING, "durable-bulk")
    rows.step(own, "count", output="5000")
    rows.step(own, "page", output='{"done": 90, "refused": 10, "examples": ["why"], "last": "x"}')
    shown = page(admin_client, own)
    assert "90 of 5000 runs done, 10 refused" in shown
    assert (
        '<progress aria-label="90 of 5000 runs done, 10 refused" max="5000" value="100">' in shown
    )


def test_all_that_match_an_address_that_is_not_understood_are_left_alone(
    admin_client: Client,
) -> None:
    run = rows.run(RunStatus.FAILED)
    query = f"?status__exact=failed&replay_of__exact={run.pk}"
    choose(admin_client, "retry", [run], query, select_across="1", durable_sure="yes")
    assert not Operation.objects.exists()


def test_erased_runs_say_so_and_offer_neither_retry_nor_replay(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED)
    post(admin_client, run, "erase")
    shown = page(admin_client, run)
    assert "Payloads erased" in shown
    for verb in ("retry", "replay", "erase"):
        assert f"/act/{verb}/" not in shown


def test_the_operator_history_is_on_the_page_for_who_may_see_it(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED)
    post(admin_client, run, "retry")
    assert "What people and programs did" in page(admin_client, run)
    assert "What people and programs did" not in page(browser_of("view_run", "view_step"), run)


def test_many_is_a_function_that_every_worker_knows() -> None:
    from durable.authoring.registry import registry

    assert "durable-bulk" in registry.functions
    assert bulk.act_on_all.id == "durable-bulk"


def test_the_steps_of_a_run_link_to_the_runs_they_invoked(admin_client: Client) -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    step = rows.step(run, "child", StepStatus.PENDING, op="invoke", started=rows.ago(5))
    child = rows.run(function="other", parent=run, parent_key=step.key)
    assert Step.objects.count() == 1
    assert page(admin_client, run).count(f"/admin/durable/run/{child.pk}/change/") == 2
