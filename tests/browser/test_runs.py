"""A person at the admin, with a real browser, a real server and a real cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from durable import clock
from durable.ids import new_id
from durable.models import Event, Operation, Run, Step
from durable.playback.keys import step_key
from tests.browser.conftest import Stage

pytestmark = pytest.mark.sqlite  # of the browser's side there is one

MANY = 5000 if os.environ.get("DURABLE_TEST_FULL") else 150
DJANGOS_OWN = [["#searchbar"], [".breadcrumbs"]]  # labelled by a picture; links told by colour
BROKEN = json.dumps(
    {"code": "unknown", "name": "TimeoutError", "message": "too slow", "stack": "…"},
    separators=(",", ":"),
)


def pill(page: Any, word: str) -> None:
    """Wait until the headline says so; nobody reloads the page."""
    page.locator(f".durable-headline .durable-{word}").wait_for()


def bars(page: Any, kind: str) -> int:
    """Count the bars of a kind in the lanes of steps."""
    return int(page.locator(f".durable-lane-step .durable-bar-{kind}").count())


def test_a_parallel_run_is_watched_while_it_lives(stage: Stage, tmp_path: Path) -> None:
    run = stage.send("parallel", folder=str(tmp_path))
    stage.open(run)
    stage.page.evaluate("window.durableSeen = 'not reloaded'")
    stage.page.locator(".durable-lane-step .durable-bar-run").nth(1).wait_for()
    assert stage.page.locator(".durable-lane-group").count() == 1
    (tmp_path / "alpha").touch()
    stage.page.locator(".durable-lane-step .durable-bar-done").first.wait_for()
    assert bars(stage.page, "run") == 1
    (tmp_path / "beta").touch()
    pill(stage.page, "completed")
    assert bars(stage.page, "done") == 3
    assert stage.page.evaluate("window.durableSeen") == "not reloaded"
    assert stage.page.locator("[data-durable-live]").count() == 0


def test_a_retry_is_seen_as_it_happens(stage: Stage, tmp_path: Path) -> None:
    run = stage.send("retry", folder=str(tmp_path))
    stage.open(run)
    reason = stage.page.locator(".durable-why", has_text="ConnectionError in stumble")
    reason.wait_for()
    assert reason.inner_text().startswith("retry 1 of 1 in ")
    assert bars(stage.page, "backoff") == 1
    pill(stage.page, "completed")
    assert (bars(stage.page, "failed"), bars(stage.page, "backoff"), bars(stage.page, "done")) == (
        1,
        1,
        1,
    )
    stage.page.locator("details[id^=durable-tries] > summary").click()
    stage.page.locator("details[id^=durable-value-try] > summary").click()
    stage.page.get_by_text("ConnectionError: the first time").first.wait_for()


def test_a_run_is_replayed_from_a_step_with_other_input(stage: Stage) -> None:
    run = stage.ends(stage.send("order", amount=5, token="tok_1"))
    stage.open(run)
    stage.page.get_by_text("Replay…").click()
    text = stage.page.locator("#durable_input")
    assert "tok_1" not in text.input_value()
    text.fill(text.input_value().replace("5", "7"))
    stage.page.select_option("#durable_from", "charge")
    stage.page.get_by_role("button", name="Replay as a new run").click()
    pill(stage.page, "completed")
    new = Run.objects.get(replay_of=run.pk)
    assert str(new.pk) in stage.page.url
    stage.ends(new)
    assert new.result == {"loaded": run.result["loaded"], "charged": 7}
    assert new.event is not None
    assert new.event.value == {"amount": 7, "token": "tok_1"}


def test_a_sleep_is_skipped_and_an_event_delivered(stage: Stage) -> None:
    run = stage.send("rest")
    stage.open(run)
    stage.page.get_by_role("button", name="Skip the sleep nap").click()
    stage.page.get_by_text("Deliver an event…").click()
    stage.page.fill("#durable_data", '{"paid": 7}')
    stage.page.get_by_role("button", name="Deliver to payment (browser/paid)").click()
    pill(stage.page, "completed")
    assert stage.ends(run).result == {"paid": 7}
    history = stage.page.locator("#durable-history").inner_text()
    assert "skip" in history
    assert "deliver" in history


def test_a_run_is_cancelled_after_a_second_thought(stage: Stage) -> None:
    run = stage.send("rest")
    stage.open(run)
    stage.page.get_by_text("Cancel…").click()
    stage.page.get_by_role("button", name="Cancel this run").click()
    pill(stage.page, "cancelled")
    stage.ends(run, "cancelled")


def test_one_failed_run_goes_on_from_the_step_that_failed(stage: Stage) -> None:
    (run,) = fail(1)
    stage.open(run)
    stage.page.get_by_role("button", name="Retry from the failed step").click()
    pill(stage.page, "completed")
    assert stage.ends(run).result == "done"
    assert "retry" in stage.page.locator("#durable-history").inner_text()


def test_the_payloads_of_a_run_are_erased_after_a_second_thought(stage: Stage) -> None:
    run = stage.ends(stage.send("order", amount=5))
    stage.open(run)
    stage.page.get_by_text("Erase payloads…").click()
    stage.page.get_by_role("button", name="Erase the payloads of this run").click()
    stage.page.get_by_text("The payloads were erased.").wait_for()
    run.refresh_from_db()
    assert run.output is None
    assert "amount" not in stage.page.locator("#durable-value-own-event").inner_text()


def test_values_are_copied_and_lanes_are_walked_by_keys(stage: Stage) -> None:
    run = stage.ends(stage.send("order", amount=5))
    stage.open(run)
    viewer = stage.page.locator("#durable-value-own-event")
    viewer.locator("summary").click()
    viewer.get_by_role("button", name="Copy").click()
    viewer.get_by_role("button", name="Copied").wait_for()
    assert json.loads(stage.page.evaluate("navigator.clipboard.readText()")) == {"amount": 5}
    stage.page.locator(".durable-jump").first.focus()
    stage.page.keyboard.press("ArrowDown")
    assert stage.page.evaluate("document.activeElement.textContent") == "charge"
    stage.page.keyboard.press("Home")
    assert stage.page.evaluate("document.activeElement.textContent") == "load"


def fail(count: int) -> list[Run]:
    """Write runs that have failed in the step after the first."""
    now = clock.now()
    times = {"ts": now, "received": now}
    events = [Event(id=new_id(), name="browser/bulk", data="{}", **times) for _ in range(count)]
    Event.objects.bulk_create(events, batch_size=500)
    runs = [
        Run(
            id=new_id(),
            function="browser-bulk",
            event=event,
            status="failed",
            error=BROKEN,
            created=now,
            started=now,
            ended=now,
        )
        for event in events
    ]
    Run.objects.bulk_create(runs, batch_size=500)
    key = step_key("work", 0, "")
    steps = [
        Step(run=run, key=key, name="work", status="failed", error=BROKEN, started=now, ended=now)
        for run in runs
    ]
    Step.objects.bulk_create(steps, batch_size=500)
    return runs


@pytest.mark.timeout(900)
def test_all_failed_runs_are_retried_in_the_background_with_progress(stage: Stage) -> None:
    fail(MANY)
    page = stage.page
    page.goto(f"{stage.admin}durable/run/?function=browser-bulk&status__exact=failed")
    page.locator("#action-toggle").check()
    page.locator(".actions .question a").click()
    page.select_option("select[name=action]", "retry_runs")
    page.locator(".actions button[type=submit]").click()
    page.get_by_text(f"{MANY} runs match, and are meant").wait_for()
    page.get_by_role("button", name="Yes, do it").click()
    words = f"{MANY} of {MANY} runs done, 0 refused"
    page.locator(".durable-progress p", has_text=words).wait_for(timeout=600_000)
    assert page.locator("progress").get_attribute("value") == str(MANY)
    pill(page, "completed")
    assert Operation.objects.filter(action="retry", who="admin").count() == MANY
    assert not Run.objects.filter(function="browser-bulk", status="failed").exists()


def test_ticked_runs_are_replayed_from_a_step_with_other_input(stage: Stage) -> None:
    runs = [stage.ends(stage.send("order", amount=amount, shop="bulk")) for amount in (5, 6)]
    page = stage.page
    page.goto(f"{stage.admin}durable/run/?function=browser-order")
    for run in runs:
        page.locator(f"input[name=_selected_action][value='{run.pk}']").check()
    page.select_option("select[name=action]", "replay_runs")
    page.locator(".actions button[type=submit]").click()
    page.get_by_text("These 2 runs are meant.").wait_for()
    page.fill("#durable_from", "charge")
    page.fill("#durable_data", '{"amount": 9}')
    page.get_by_role("button", name="Yes, do it").click()
    page.get_by_text("Done to 2 runs.").wait_for()
    for run in runs:
        new = stage.ends(Run.objects.get(replay_of=run.pk))
        assert new.result == {"loaded": run.result["loaded"], "charged": 9}
        assert new.event is not None
        assert new.event.value == {"amount": 9, "shop": "bulk"}


def test_nothing_of_the_list_is_out_of_sight_on_a_narrow_screen(stage: Stage) -> None:
    stage.ends(stage.send("order", amount=5))
    stage.send("rest")
    for width in (390, 1300):
        stage.page.set_viewport_size({"width": width, "height": 900})
        stage.page.goto(f"{stage.admin}durable/run/")
        table = stage.page.locator("#result_list")
        frame = stage.page.locator(".results")
        assert table.bounding_box()["width"] <= frame.bounding_box()["width"] + 1
    stage.page.set_viewport_size({"width": 1360, "height": 1000})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_obstacle(stage: Stage, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    run = stage.ends(stage.send("order", amount=5))
    resting = stage.send("rest")
    stage.page.emulate_media(color_scheme=scheme)
    paths = (
        "durable/run/",
        f"durable/run/{run.pk}/change/",
        f"durable/run/{resting.pk}/change/",
        f"durable/step/{run.steps.order_by('pk')[0].pk}/change/",
    )
    for path in paths:
        stage.page.goto(stage.admin + path)
        for summary in stage.page.locator("#durable-actions summary").all():
            summary.click()
        found = Axe().run(stage.page, context={"exclude": DJANGOS_OWN}).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [(one["id"], node["html"]) for one in serious for node in one["nodes"]]
        assert told == [], (path, told)
    stage.page.emulate_media(color_scheme="light")
