"""What the pages on the HTTP API type is typed, at a live site, and what they show comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

import durable
from durable.access.keys import Rights, make
from durable.models import Run
from durable.operations.audit import Actor
from durable.store import get_store
from tests.docs.conftest import Read
from tests.docs.pages import Page, page
from tests.docs.shell import Shell, Typed, check, is_possible, typed
from tests.harness import Player

pytestmark = pytest.mark.skipif(not is_possible(), reason="sh, curl or openssl is missing")

Try = Callable[..., None]


@pytest.fixture
def shell(live_server: LiveServer) -> Iterator[Shell]:
    """A shell that knows the site and a key."""
    rights = Rights(name="docs", operations=["*"])
    made = make(get_store(), Actor(who="a test", via="command"), rights.key())
    with override_settings(ROOT_URLCONF="tests.rest.urls"):
        yield Shell({"SITE": live_server.url, "KEY": made.secret})


def play(shown: Page, shell: Shell, **variables: str) -> list[tuple[Typed, str]]:
    """Type all that a page types at the site, with a worker at work behind it."""
    shell.set(**variables)
    printed = []
    for one in typed(shown):
        if not one.command.startswith("python manage.py"):
            printed.append((one, shell.run(one.command)))
            Player().work()
    return printed


def hold(shown: Page, shell: Shell, **variables: str) -> None:
    for one, printed in play(shown, shell, **variables):
        if one.shown:
            check(one.shown, printed)


def begun(**data: Any) -> Run:
    (event,) = durable.send(
        durable.Event(name="shop/order.placed", data=data, subject="shop.order:7")
    )
    Player().work()
    return Run.objects.get(event_id=event)


def test_the_overview(read: Read, shell: Shell) -> None:
    @durable.create_function(
        fn_id="place-order", trigger=durable.TriggerEvent(event="shop/order.placed")
    )
    def place_order(ctx: durable.ContextSync) -> None: ...

    for order in range(3):
        begun(order=order)
    hold(page("docs/api/overview.md"), shell)


def test_runs(read: Read, shell: Shell) -> None:
    shown = page("docs/api/runs.md")
    read(shown)
    hold(shown, shell, RUN=str(begun(order=7).pk))


def test_functions(read: Read, shell: Shell) -> None:
    shown = page("docs/api/functions.md")
    read(shown)
    hold(shown, shell)


def test_progress(read: Read, shell: Shell) -> None:
    read(page("docs/api/runs.md"))
    hold(page("docs/api/progress.md"), shell, RUN=str(begun(order=7).pk))


def test_v1(read: Read, shell: Shell) -> None:
    read(page("docs/api/runs.md"))
    run = begun(order=7)
    durable.cancel(run.pk)
    hold(page("docs/api/v1.md"), shell, RUN=str(run.pk))


def test_webhooks(read: Read, shell: Shell) -> None:
    shown = page("docs/howto/webhooks.md")
    shop = read(shown)
    sources = {"github": {"SCHEME": "github", "SECRETS": ["a secret"]}}
    with override_settings(DURABLE={"WEBHOOKS": sources}):
        hold(shown, shell, GITHUB_WEBHOOK_SECRETS="a secret")
    assert Run.objects.get(function="deploy").result == "deploying refs/heads/main"
    assert shop["from_stripe"] and shop["from_the_bank"]


def test_every_page_is_played() -> None:
    played = {"overview", "runs", "functions", "progress", "v1"}
    assert played <= {Path(p.path).stem for p in map(page, _names())}


def _names() -> list[str]:
    return [f"docs/api/{path.name}" for path in Path(page("docs/api").path).glob("*.md")]
