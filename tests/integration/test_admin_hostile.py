"""Hostile text in every field: pages have the elements and attributes that they have with harmless text."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from durable.models import Run, RunStatus, Step, StepStatus
from durable.operations.audit import Actor, write_down
from durable.store import get_store
from tests.integration import rows
from tests.integration.hostile import TEXTS

pytestmark = pytest.mark.django_db

SHORT = 40  # characters of the shortest column


class Elements(HTMLParser):
    """Counts elements with the names of their attributes, and looks at where links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: Counter[tuple[str, ...]] = Counter()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            return  # Django's own, for an end of a line
        names = sorted(name for name, _ in attrs)
        self.seen[(tag, *names)] += 1
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action", "formaction"):
                assert (value or "").startswith(("/", "?", "#", "http://", "https://")) or not value


def paint(text: str) -> tuple[Run, Step, Any]:
    """Write a text into every field that is shown."""
    error = rows._json({"code": text, "name": text, "message": text, "stack": text})
    event = rows.event(
        text, custom_id=text, data=rows._json({text: text}), subject=text, tenant=text
    )
    run = rows.run(
        RunStatus.FAILED,
        text,
        event=event,
        error=error,
        output=rows._json(text),
        subject=text,
        tenant=text,
        reason=text,
    )
    step = rows.step(run, text, StepStatus.FAILED, error=error, output=rows._json(text), branch="0")
    tried = rows.failed_try(run, step, name=text, message=text, stack=text, code=text)
    rows.failed_try(run, None, name=text, message=text, stack=text, code=text)
    rows.run(RunStatus.COMPLETED, text, parent=run, parent_key=step.key)
    write_down(
        get_store(),
        Actor(who=text, via="admin"),
        text[:SHORT],
        "run",
        run.pk,
        before={"a": text},
        after={text: text, "made": text},
    )
    return run, step, tried


def elements(browser: Client, path: str) -> Counter[tuple[str, ...]]:
    response = browser.get(f"/admin/durable/{path}")
    assert response.status_code == 200, (path, response)
    return Elements(response.content.decode()).seen


def pages(browser: Client, text: str) -> dict[str, Counter[tuple[str, ...]]]:
    run, step, tried = paint(text)
    paths = (f"run/{run.pk}", f"step/{step.pk}", f"attempt/{tried.pk}", f"event/{run.event_id}")
    return {path.partition("/")[0]: elements(browser, f"{path}/change/") for path in paths}


@pytest.fixture(scope="module")
def harmless() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_text_is_shown_as_text_whatever_it_says(
    admin_client: Client, harmless: dict[str, Any], text: str
) -> None:
    if not harmless:
        harmless.update(pages(admin_client, "harmless"))
        Run.objects.filter(parent__isnull=False).update(parent=None)
    for name, seen in pages(admin_client, text).items():
        assert seen == harmless[name], name


def test_lists_show_text_as_text_whatever_it_says(admin_client: Client) -> None:
    lists = {name: f"{name}/" for name in ("run", "step", "attempt")}
    found = []
    for texts in (["harmless"] * 20, TEXTS[:20]):
        for text in texts:
            paint(text)
        found.append({name: elements(admin_client, path) for name, path in lists.items()})
        Run.objects.all().delete()
    assert found[0] == found[1]


def test_values_are_plain_text_that_no_browser_takes_for_a_page(admin_client: Client) -> None:
    run, step, _ = paint(TEXTS[0])
    for path in ("run/0", "event/0", "error/0", f"step/{step.pk}", f"step-error/{step.pk}"):
        response = admin_client.get(f"/admin/durable/run/{run.pk}/value/{path}/")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "run/?tenant=%00",
        "run/?function=%00",
        "event/?name=%00",
        "event/send/?name=%00",
        "functionconfig/%00/change/",
        "run/?q=" + "%5B" * 400,
    ],
)
def test_no_address_breaks_a_page(admin_client: Client, path: str) -> None:
    assert admin_client.get(f"/admin/durable/{path}").status_code in (200, 400)


@pytest.mark.parametrize("word", ["\0", "x" * 3000])
def test_a_word_that_is_none_of_ours_does_not_stop_a_wish(admin_client: Client, word: str) -> None:
    run = rows.run()
    form = {"action": "replay_runs", "select_across": "1", "_selected_action": [str(run.pk)]}
    form |= {"index": "0", "durable_sure": "yes", "durable_once": word}
    assert admin_client.post("/admin/durable/run/", form).status_code == 302
    path = f"/admin/durable/run/{run.pk}/act/replay/"
    assert admin_client.post(path, {"durable_once": word}).status_code == 302
