from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import connections
from django.test import override_settings

import durable
from durable.authoring.registry import Registry
from durable.expressions import full

SOUND = {
    "name": "durable",
    "broker_class": "durable.q2.broker.Broker",
    "orm": "default",
    "timeout": 90,
    "retry": 120,
}
ON_ORDER = durable.TriggerEvent(event="order/paid")


def found() -> list[CheckMessage]:
    return run_checks(tags=["durable"], databases=[])


def ids() -> list[str | None]:
    return [one.id for one in found()]


def only(check_id: str) -> CheckMessage:
    (message,) = found()
    assert message.id == check_id
    assert message.hint
    return message


@pytest.fixture(autouse=True)
def sound_site(fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A site without complaints, on whichever database the tests run."""
    entry = connections.settings["default"]
    if connections["default"].vendor == "sqlite":
        entry["OPTIONS"]["transaction_mode"] = "IMMEDIATE"
    monkeypatch.setitem(entry, "CONN_MAX_AGE", 60)
    with override_settings(Q_CLUSTER=SOUND, DURABLE={}, USE_TZ=True):
        yield


def make(**options: Any) -> Callable[..., Any]:
    options = {"fn_id": "order", "trigger": ON_ORDER, **options}
    return durable.create_function(**options)


def test_sound_site_has_no_complaints() -> None:
    make()(lambda ctx: None)
    assert found() == []


def test_unknown_entry_of_durable_is_named_with_its_neighbour() -> None:
    with override_settings(DURABLE={"LEESE": 5}):
        assert only("durable.E001").msg.endswith("Did you mean 'LEASE'?")


def test_database_that_does_not_exist_is_named() -> None:
    with override_settings(DURABLE={"DATABASE": "archive"}):
        assert "'archive', but DATABASES has only 'default'" in only("durable.E001").msg


def test_duplicate_function_ids_are_shown_with_both_places() -> None:
    make()(lambda ctx: 1)
    make()(lambda ctx: 2)
    assert only("durable.E002").msg.count("test_checks.py:") == 2


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"concurrency": [durable.Concurrency(limit=1)]}, "concurrency="),
    ],
)
def test_what_is_not_supported_yet_is_named(options: dict[str, Any], what: str) -> None:
    make(**options)(lambda ctx: None)
    assert only("durable.E003").msg == f"function 'order': {what} is not supported yet."


def test_clients_middleware_is_not_supported_yet() -> None:
    client = durable.Client(app_id="shop", middleware=[object()])
    client.create_function(fn_id="order", trigger=ON_ORDER)(lambda ctx: None)
    assert "'shop-order': Client(middleware=)" in only("durable.E003").msg


def test_naive_times_are_refused() -> None:
    with override_settings(USE_TZ=False):
        assert "USE_TZ" in only("durable.E004").msg


@pytest.mark.parametrize("given", [None, {}, "redis"])
def test_missing_cluster_setting_is_named_with_the_lines_to_add(given: Any) -> None:
    with override_settings(Q_CLUSTER=given):
        message = only("durable.E005")
    assert "Q_CLUSTER is missing" in message.msg
    assert '    Q_CLUSTER = {\n        "name": "durable",\n' in str(message.hint)


def test_missing_queue_app_is_named(settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_q"]
    assert "django_q" in str(only("durable.E005").hint)


@pytest.mark.parametrize("path", ["nowhere.at.all", f"{__name__}.SOUND", "plain"])
def test_backoff_that_is_no_function_is_named(path: str) -> None:
    with override_settings(DURABLE={"BACKOFF": path}):
        assert "DURABLE['BACKOFF']" in only("durable.E006").msg


@pytest.mark.parametrize("path", ["tests.nowhere.tenant_of", "tests.settings.SECRET_KEY", "x"])
def test_function_that_says_whose_a_user_is_exists(path: str) -> None:
    with override_settings(DURABLE={"TENANT_OF": path}):
        assert "DURABLE['TENANT_OF']" in only("durable.E032").msg


def test_backoff_function_is_accepted() -> None:
    with override_settings(DURABLE={"BACKOFF": "math.exp"}):
        assert found() == []


def test_the_whole_of_cel_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full, "is_installed", lambda: False)
    with override_settings(DURABLE={"EXPRESSIONS": "cel"}):
        assert "common-expression-language is not installed" in only("durable.E012").msg


def test_our_part_of_cel_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full, "is_installed", lambda: False)
    assert found() == []


def test_wrong_kind_of_context_is_named() -> None:
    async def handler(ctx: durable.ContextSync) -> None: ...

    make()(handler)
    assert "is async, but its context is annotated ContextSync" in only("durable.E007").msg


def test_right_kinds_of_context_are_accepted() -> None:
    async def awaited(ctx: durable.Context) -> None: ...

    def plain(ctx: durable.ContextSync, step: durable.StepSync) -> None: ...

    make(fn_id="a")(awaited)
    make(fn_id="b")(plain)
    assert found() == []


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ("durable/made.up", "durable/function.finished"),
        ("durable/function.failed.*", "durable/function.finished"),
        ("inngest/function.failed", "Write 'durable/function.failed', which durable sends"),
    ],
)
def test_trigger_that_nobody_can_send_is_named(event: str, hint: str) -> None:
    make(trigger=durable.TriggerEvent(event=event))(lambda ctx: None)
    message = only("durable.E009")
    assert f"can never be started by {event!r}" in message.msg
    assert hint in str(message.hint)


@pytest.mark.parametrize(
    "event", ["durable/function.failed", "durable/function.invoked", "durable/*", "*"]
)
def test_trigger_on_what_durable_sends_is_accepted(event: str) -> None:
    make(trigger=durable.TriggerEvent(event=event))(lambda ctx: None)
    assert found() == []


def test_cron_line_is_accepted() -> None:
    make(trigger=durable.TriggerCron(cron="0 4 * * *", jitter="30s"))(lambda ctx: None)
    assert found() == []


def test_cron_line_without_cronsim_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.authoring.cron.CronSim", None)
    assert found() == []
    make(trigger=durable.TriggerCron(cron="0 4 * * *"))(lambda ctx: None)
    message = only("durable.E013")
    assert message.hint == "pip install django-durable-workflows[cron]"
    assert "have a TriggerCron: 'order'" in message.msg


def test_threads_of_an_async_function_have_no_effect() -> None:
    async def handler(ctx: durable.Context) -> None: ...

    make(threads=4)(handler)
    assert "threads=4" in only("durable.W008").msg


def test_retry_not_longer_than_the_timeout_is_named() -> None:
    with override_settings(Q_CLUSTER=SOUND | {"retry": 90}):
        assert "'retry'" in only("durable.W001").msg


@pytest.mark.parametrize(("cycle", "kills"), [(0.5, True), (1, True), (0.3, False), (0.1, False)])
def test_guard_cycle_must_count_down_to_zero(cycle: float, kills: bool) -> None:
    with override_settings(Q_CLUSTER=SOUND | {"guard_cycle": cycle}):
        assert ids() == ([] if kills else ["durable.W002"])


@pytest.mark.postgres
@pytest.mark.mariadb
def test_connections_that_do_not_last_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    assert "['CONN_MAX_AGE'] is 0" in only("durable.W003").msg


@pytest.mark.sqlite
def test_connections_to_a_file_need_not_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    assert found() == []


@pytest.mark.sqlite
def test_deferred_transactions_on_sqlite_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "transaction_mode", None)
    assert "'IMMEDIATE'" in only("durable.W004").msg


@pytest.mark.postgres
def test_connection_pool_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:  # undone before settings change back and look at it
        patch.setitem(connections.settings["default"]["OPTIONS"], "pool", True)
        assert "['OPTIONS']['pool']" in only("durable.E008").msg


def test_queue_in_another_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, "queue", connections.settings["default"])
    with override_settings(Q_CLUSTER=SOUND | {"orm": "queue"}):
        assert "'queue', but durable's tables are on 'default'" in only("durable.W005").msg


@pytest.mark.parametrize("timeout", [2.5, "90", True])
def test_timeout_that_no_alarm_takes_is_refused(timeout: object) -> None:
    with override_settings(Q_CLUSTER=SOUND | {"timeout": timeout}):
        assert "durable.E010" in ids()


@pytest.mark.parametrize("workers", [2.5, "4", True])
def test_number_of_workers_that_is_none_is_refused(workers: object) -> None:
    with override_settings(Q_CLUSTER=SOUND | {"workers": workers}):
        assert "Q_CLUSTER['workers']" in only("durable.E016").msg


def test_cluster_in_sync_mode_is_named() -> None:
    with override_settings(Q_CLUSTER=SOUND | {"sync": True}):
        assert "'sync'" in only("durable.W007").msg


def test_a_cluster_without_a_broker_is_said() -> None:
    without = {name: SOUND[name] for name in SOUND if name not in ("broker_class", "orm")}
    with override_settings(Q_CLUSTER=without):
        assert "names no broker" in only("durable.E011").msg


def test_audit_log_that_is_kept_for_less_long_than_runs_is_a_warning() -> None:
    with override_settings(DURABLE={"RETENTION": "90d", "AUDIT_RETENTION": "30d"}):
        assert "forget who did what" in only("durable.W045").msg


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("durable.q2.broker.Brokre", "'Brokre'"),
        ("shop.queues.Broker", "No module named 'shop'"),
        ("Broker", "module path"),
    ],
)
def test_a_broker_that_cannot_be_imported_is_named(path: str, why: str) -> None:
    with override_settings(Q_CLUSTER=SOUND | {"broker_class": path}):
        message = only("durable.E014")
    assert repr(path) in message.msg
    assert why.strip("'") in message.msg


def test_a_queue_in_a_database_that_does_not_exist_is_named() -> None:
    with override_settings(Q_CLUSTER=SOUND | {"orm": "queue"}):
        assert "'queue', but DATABASES has only 'default'" in only("durable.E015").msg


@pytest.mark.postgres
@pytest.mark.mariadb
def test_connections_that_do_not_last_hurt_beside_another_broker_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    with override_settings(Q_CLUSTER={"redis": "redis://127.0.0.1/0"}):
        assert ids() == ["durable.W003"]


@pytest.mark.parametrize(
    ("redis", "is_named"),
    [
        ("redis://queue.internal:6379/0", True),
        ("rediss://:secret@queue.internal/0", False),
        ("redis://127.0.0.1/0", False),
        ("unix:///run/redis.sock", False),
        ({"host": "queue.internal"}, True),
        ({"host": "queue.internal", "password": "secret"}, False),
        ({"db": 0}, False),
    ],
)
def test_redis_on_another_machine_has_a_password(redis: Any, is_named: bool) -> None:
    with override_settings(Q_CLUSTER={"redis": redis}, DURABLE={"RETENTION": None}):
        messages = run_checks(tags=["durable"], databases=[], include_deployment_checks=True)
    assert [one.id for one in messages] == ["durable.W044"] * is_named


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        ("soon", "['*']: 'soon'"),
        ({"shop": "1h"}, "['shop'] is less than a day"),
        ({"shop": {"queued": "7d"}}, "['shop'] names queued"),
        ({"shop": {"failed": 7}}, "['shop']['failed'] must be a timedelta"),
    ],
)
def test_retention_that_cannot_be_read_is_named(given: Any, entry: str) -> None:
    with override_settings(DURABLE={"RETENTION": given}):
        assert entry in only("durable.E020").msg
