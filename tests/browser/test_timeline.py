"""The timeline in a real browser: what took no time is seen all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from durable.models import Attempt, RunStatus, Step, StepStatus
from durable.playback.keys import step_key
from tests.browser.conftest import Stage
from tests.integration import rows

pytestmark = pytest.mark.sqlite  # of the browser's side there is one

_DRAWN = """bars => bars.map(bar => {
    const [box, frame] = [bar.getBoundingClientRect(), bar.ownerSVGElement.getBoundingClientRect()];
    return {left: box.left - frame.left, right: frame.right - box.right, width: box.width};
})"""


def drawn(stage: Stage, kind: str) -> list[dict[str, Any]]:
    """Measure the bars of a kind in the lanes of steps, in pixels."""
    found = stage.page.locator(f".durable-lane-step .durable-bar-{kind}")
    return list(found.evaluate_all(_DRAWN))


@pytest.mark.parametrize("width", [390, 1360])
@pytest.mark.parametrize("page", [1, 10])
def test_a_thousand_steps_that_took_no_time_are_seen(stage: Stage, page: int, width: int) -> None:
    began = rows.ago(90)
    run = rows.run(RunStatus.COMPLETED, created=began, started=began, ended=rows.ago(60))
    times = [began + timedelta(milliseconds=30 * number) for number in range(1, 1001)]
    steps = [
        Step(
            run=run,
            key=step_key("tick", number, ""),
            name="tick",
            index=number,
            status=StepStatus.DONE,
            output="1",
            started=at,
            ended=at,
        )
        for number, at in enumerate(times)
    ]
    Step.objects.bulk_create(steps, batch_size=500)
    stage.page.set_viewport_size({"width": width, "height": 900})
    stage.page.goto(f"{stage.admin}durable/run/{run.pk}/change/?lanes={page}")
    found = drawn(stage, "done")
    assert len(found) == 100
    assert min(bar["width"] for bar in found) >= 1
    assert min(min(bar["left"], bar["right"]) for bar in found) >= -1  # half of its outline
    stage.page.set_viewport_size({"width": 1360, "height": 1000})


def test_three_tries_that_failed_at_once_are_three_bars(stage: Stage) -> None:
    began = rows.ago(90)
    run = rows.run(RunStatus.QUEUED, created=began, started=began)
    step = rows.step(run, "charge", StepStatus.RETRYING, started=began, attempt=3)
    for number in range(3):
        at = began + timedelta(seconds=30 * number)
        Attempt.objects.create(
            run=run, key=step.key, name="charge", number=number, error="{}", started=at, ended=at
        )
    stage.open(run)
    found = drawn(stage, "failed")
    assert [bar["width"] >= 2 for bar in found] == [True] * 3
    assert sorted(found, key=lambda bar: bar["left"]) == found
    assert len(drawn(stage, "backoff")) == 3
