"""What a person does to several runs at once, one action after the other, and to keys."""

from __future__ import annotations

from collections.abc import Sequence

from durable.models import Key, Operation, Run, Step
from tests.acceptance.clusters import eventually
from tests.browser.conftest import Stage
from tests.browser.test_runs import pytestmark as pytestmark


def do(stage: Stage, runs: Sequence[Run], action: str, **fields: str) -> None:
    """Tick runs in the list, choose an action, and say yes."""
    page = stage.page
    page.goto(f"{stage.admin}durable/run/?function=browser-rest")
    for run in runs:
        page.locator(f"input[name=_selected_action][value='{run.pk}']").check()
    page.select_option("select[name=action]", action)
    page.locator(".actions button[type=submit]").click()
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.get_by_role("button", name="Yes, do it").click()
    page.get_by_text(f"Done to {len(runs)} runs.").wait_for()


def rest(stage: Stage, count: int) -> list[Run]:
    """Have runs that sleep."""
    runs = [stage.send("rest") for _ in range(count)]
    asleep = Step.objects.filter(run__in=runs, name="nap", status="pending")
    eventually(lambda: asleep.count() == count)
    return runs


def test_sleeps_are_skipped_events_delivered_and_payloads_erased(stage: Stage) -> None:
    runs = rest(stage, 2)
    do(stage, runs, "skip_runs")
    waiting = Step.objects.filter(run__in=runs, name="payment", status="pending")
    eventually(lambda: waiting.count() == 2)
    do(stage, runs, "deliver_runs", durable_data='{"paid": 7}')
    for run in runs:
        assert stage.ends(run).result == {"paid": 7}
    do(stage, runs, "erase_runs")
    assert set(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("output")) == {
        (None,)
    }
    book = Operation.objects.filter(target__in=[str(run.pk) for run in runs])
    assert sorted(book.values_list("action", flat=True)) == [
        *("deliver", "deliver", "erase", "erase", "skip", "skip"),
    ]


def test_runs_are_cancelled(stage: Stage) -> None:
    runs = rest(stage, 2)
    do(stage, runs, "cancel_runs")
    for run in runs:
        stage.ends(run, "cancelled")


def test_a_key_is_made_shown_once_rotated_and_revoked(stage: Stage) -> None:
    page, keys = stage.page, f"{stage.admin}durable/key/"
    page.goto(f"{keys}add/")
    page.fill("#id_name", "shop")
    page.fill("#id_operations", "events.send")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Keep these: they cannot be shown again").first.wait_for()
    key = Key.objects.get(name="shop")
    assert page.locator("td code").inner_text().startswith(key.prefix)
    choose(stage, key, "rotate")
    page.get_by_text("Keep these: they cannot be shown again").first.wait_for()
    successor = Key.objects.get(replaces=key)
    choose(stage, successor, "revoke")
    page.get_by_text("1 revoked.").wait_for()
    successor.refresh_from_db()
    assert successor.revoked is not None


def choose(stage: Stage, key: Key, action: str) -> None:
    """Tick a key, and do something to it."""
    stage.page.goto(f"{stage.admin}durable/key/")
    stage.page.locator(f"input[name=_selected_action][value='{key.pk}']").check()
    stage.page.select_option("select[name=action]", action)
    stage.page.locator(".actions button[type=submit]").click()
