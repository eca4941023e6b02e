"""A person configures, pauses and runs functions, and the cluster obeys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from durable.models import FunctionConfig, Operation, Run
from tests.acceptance.clusters import eventually
from tests.browser.conftest import Stage


def function_page(stage: Stage, name: str) -> Any:
    """Go to the page of a function."""
    stage.page.goto(f"{stage.admin}durable/functionconfig/{name}/change/")
    return stage.page


def modes(stage: Stage, folder: Path) -> set[str]:
    """Play a run; return the modes of its planned steps."""
    run = stage.ends(stage.send("parallel", folder=str(folder)))
    return set(run.steps.exclude(mode="").values_list("mode", flat=True))


def is_held_back(stage: Stage) -> bool:
    """Say whether a new run is held back, when that or its end has come."""
    run = stage.send("order", amount=5)

    def rests() -> bool:
        run.refresh_from_db()
        return run.due_at is None

    eventually(rests)
    return not run.is_final


def test_the_next_run_obeys_another_parallel_mode(stage: Stage, tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        (tmp_path / name).touch()
    page = function_page(stage, "browser-parallel")
    page.select_option("#id_parallel_mode", "race")
    page.select_option("#id_fan_out", "yes")
    page.click("input[name=_save]")
    page.get_by_text("Last changed by admin").wait_for()
    eventually(lambda: modes(stage, tmp_path) == {"race"})  # every worker obeys within a second
    page = function_page(stage, "browser-parallel")
    page.get_by_text("planned steps in").wait_for()
    page.get_by_role("button", name="Reset to code").click()
    page.get_by_text("is as the code and the settings have it").wait_for()
    assert FunctionConfig.objects.get(pk="browser-parallel").parallel_mode is None


def test_a_paused_function_queues_and_goes_on_when_it_is_resumed(stage: Stage) -> None:
    page = function_page(stage, "browser-order")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("is paused: its runs queue").wait_for()
    eventually(lambda: is_held_back(stage))
    run = Run.objects.get(function="browser-order", status="queued")
    stage.open(run)
    page.get_by_text("The function is paused.").first.wait_for()
    page = function_page(stage, "browser-order")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("start in the order of their creation").first.wait_for()
    assert stage.ends(run).result["charged"] == 5


def test_a_function_is_run_now_and_an_event_is_sent_and_sent_again(stage: Stage) -> None:
    page = function_page(stage, "browser-order")
    page.get_by_role("link", name="Run now…").click()
    page.fill("#id_payload", '{"amount": 3}')
    page.get_by_role("button", name="Run now").click()
    page.locator(".durable-headline .durable-completed").wait_for()
    page.goto(f"{stage.admin}durable/event/send/")
    page.fill("#id_event", "browser/order")
    page.fill("#id_payload", '{"amount": 4}')
    page.get_by_role("button", name="Send").click()
    page.get_by_text("it started this run").wait_for()
    page.get_by_role("button", name="Start all that match again").click()
    page.get_by_text("1 run was started.").wait_for()
    sent = Run.objects.filter(event__data='{"amount":4}')
    eventually(lambda: sent.filter(status="completed").count() == 2)
    actions = Operation.objects.order_by("-pk").values_list("action", flat=True)
    assert list(actions[:3]) == ["resend", "send", "invoke"]


ORDER = "functionconfig/browser-order"


@pytest.mark.parametrize(
    ("scheme", "paths"),
    [
        ("light", [f"{ORDER}/change/", f"{ORDER}/run/", "event/send/", "runtally/"]),
        ("dark", ["functionconfig/", "runtally/", "worker/"]),
    ],
)
def test_axe_finds_nothing_serious(stage: Stage, scheme: Any, paths: list[str]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    stage.ends(stage.send("order", amount=5))
    stage.page.emulate_media(color_scheme=scheme)
    found = []
    for path in paths:
        stage.page.goto(f"{stage.admin}durable/{path}")
        violations = Axe().run(stage.page).response["violations"]
        found += [
            (path, one["id"], one["nodes"][0]["html"])
            for one in violations
            if one["impact"] in ("serious", "critical")
        ]
    assert found == []
