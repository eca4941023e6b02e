"""Secrets in payloads are in no line of a log, message, page, report or repr: I33 of the guarantees.

A set of functions holds a canary in each place that a payload may be in. Each is in the tables: what must
not hold one is everything else.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django_q.models import OrmQ
from django_q.signing import SignedPackage

import durable
from durable import clock
from durable.authoring.registry import Registry
from durable.models import Run
from durable.operations.health import look
from durable.operations.health.gauges import gauges
from durable.operations.rollup import advance
from durable.store import get_store
from durable.wake import use
from durable.wake.hint import Hint
from tests.harness import Player
from tests.integration.browsers import get, staff

pytestmark = pytest.mark.django_db

CANARY = "canary-4111"
PERMISSIONS = ("run", "step", "attempt", "event", "schedule", "runtally", "worker")
PAGES = ("run/", "event/", "step/", "attempt/", "schedule/", "functionconfig/")
QUIET_COMMANDS = ("durable_list", "durable_health", "durable_verify", "durable_metrics")


def refuse(secret: Any) -> None:
    raise ValueError(f"the card {secret} was refused")


def everything(ctx: durable.ContextSync) -> Any:
    """Have a secret in each kind of step."""
    secret = ctx.event.data["card"]
    ctx.step.run("keeps", str, secret)
    ctx.step.run("keeps-much", lambda: [secret] * 1000)
    ctx.group.parallel(
        (lambda: ctx.step.run("left", str, secret), lambda: ctx.step.run("right", str, secret))
    )
    ctx.step.sleep("naps", 1000)
    ctx.step.send_event("tells", durable.Event(name="canary/told", data={"card": secret}))
    ctx.step.wait_for_event("hears", event="canary/told", timeout="1h", lookback="1h")
    ctx.step.invoke_by_id("asks", function_id="child", data={"card": secret})
    ctx.step.run("refuses", refuse, secret, retries=1)


def child(ctx: durable.ContextSync) -> Any:
    return ctx.event.data


def apologise(ctx: durable.ContextSync) -> Any:
    raise KeyError(CANARY)


def raises_between(ctx: durable.ContextSync) -> Any:
    return ctx.event.data["card"].missing


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("durable", "django-q", "django.request"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def played(
    fresh_registry: Registry,
    clock: ModuleType,
    log: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> Iterator[list[Run]]:
    """All of it has been played, by this process; its messages are in the broker's table."""
    player = Player()
    player.define(child, fn_id="child", trigger=durable.TriggerEvent(event="canary/never"))
    player.define(everything, fn_id="everything", on_failure=apologise, retries=0)
    player.define(raises_between, fn_id="between", retries=1)
    player.define(
        lambda ctx: ctx.step.wait_for_event("waits", event="canary/late", timeout="30d"),
        fn_id="waits",
    )
    with (
        override_settings(DEBUG=False),
        use(Hint(workers=1)),
        django_capture_on_commit_callbacks(execute=True),
    ):
        durable.send(durable.Event(name="case/started", data={"card": CANARY}))
        for _ in range(60):
            player.work()
            if not Run.objects.filter(ended=None).exclude(function="waits").exists():
                break
            player.jump()
        durable.cancel(Run.objects.get(function="waits").pk)
        look_later()
        yield list(Run.objects.order_by("pk"))


def look_later() -> None:
    clock.travel(timedelta(minutes=10))
    advance(get_store())


def stored() -> str:
    found: list[Any] = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("durable").get_models():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found += cursor.fetchall()
    return repr(found)


def test_the_canary_sits_where_payloads_are(played: list[Run]) -> None:
    ends = {run.function: run.status for run in played}
    assert ends == {
        "everything": "failed",
        "everything-failure": "failed",
        "between": "failed",
        "waits": "cancelled",
        "child": "completed",
    }
    assert stored().count(CANARY) > 20


def test_no_line_of_a_log_holds_it(played: list[Run], log: pytest.LogCaptureFixture) -> None:
    records = log.get_records("setup")
    assert len(records) > 5
    assert not any(CANARY in record.getMessage() for record in records)
    assert not any(CANARY in repr(vars(record)) for record in records)


def test_no_message_holds_it(played: list[Run]) -> None:
    packages = [
        SignedPackage.loads(payload) for payload in OrmQ.objects.values_list("payload", flat=True)
    ]
    assert packages
    assert CANARY not in repr(packages)


def test_no_page_of_the_admin_holds_it_without_the_permission(played: list[Run]) -> None:
    browser = staff(*(f"view_{name}" for name in (*PERMISSIONS, "functionconfig")))
    paths = [f"/admin/durable/{page}" for page in PAGES]
    paths += [f"/admin/durable/run/{run.pk}/change/" for run in played]
    paths += [f"/admin/durable/event/{run.event_id}/change/" for run in played if run.event_id]
    paths += [f"/admin/durable/functionconfig/{run.function}/change/" for run in played]
    paths += ["/admin/durable/runtally/", "/admin/durable/worker/"]
    holding = [path for path in paths if CANARY in get(browser, path)]
    assert holding == []


def test_the_permission_shows_it(played: list[Run], admin_client: Client) -> None:
    run = next(run for run in played if run.function == "everything")
    assert CANARY in get(admin_client, f"/admin/durable/run/{run.pk}/change/")


@pytest.mark.parametrize("command", QUIET_COMMANDS)
def test_no_report_holds_it(played: list[Run], command: str) -> None:
    out, err = StringIO(), StringIO()
    with suppress(SystemExit):
        call_command(command, stdout=out, stderr=err)
    assert out.getvalue()
    assert CANARY not in out.getvalue() + err.getvalue()


def test_no_repr_of_what_is_stored_holds_it(played: list[Run]) -> None:
    models = apps.get_app_config("durable").get_models()
    assert CANARY not in repr([row for model in models for row in model._base_manager.all()])
    assert CANARY not in repr([*gauges(look(get_store())), look(get_store())])


def test_no_error_about_a_run_holds_it(played: list[Run]) -> None:
    said = []
    for run in played:
        for verb in (durable.cancel, durable.retry):
            try:
                verb(run.pk)
            except durable.DurableError as error:
                said.append("".join(traceback.format_exception(error)))
    assert said
    assert CANARY not in "".join(said)
