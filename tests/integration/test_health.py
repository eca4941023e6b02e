from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from types import ModuleType

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

import durable
from durable.authoring.registry import Registry
from durable.conf import conf
from durable.models import Event, Run, RunStatus, StepStatus, Worker
from durable.operations.health import Health, Level, Limits, facts, look
from durable.operations.health.backlog import COUNTED
from durable.operations.health.concerns import concerns
from durable.store import get_store
from durable.store.condition import Condition
from tests.integration import rows

pytestmark = pytest.mark.django_db

LOOK = import_module("durable.operations.health.look")  # the package gives its function this name


@pytest.fixture(autouse=True)
def shop(fresh_registry: Registry) -> None:
    durable.create_function(fn_id="shop", trigger=durable.TriggerEvent(event="order/paid"))(
        lambda ctx: None
    )


def seen(limits: Limits | None = None) -> Health:
    """Look without what the machine's database may be concerned about."""
    health = look(get_store(), limits)
    health = replace(health, database=Condition(server="a database"), concerns=())
    return replace(health, concerns=tuple(concerns(health, limits or Limits())))


def codes(health: Health) -> list[str]:
    return [concern.code for concern in health.concerns]


def test_site_at_rest_with_a_worker_is_well() -> None:
    rows.worker()
    rows.run()
    rows.run(RunStatus.RUNNING)
    rows.run(RunStatus.WAITING, pending=1)
    health = seen()
    assert (health.concerns, health.level, health.backlog.count) == ((), None, 0)


def test_workers_are_shown_by_cluster() -> None:
    for pid, parent in ((1, 7), (2, 7), (3, 8)):
        rows.worker(pid=pid, parent=parent)
    found = {one.parent: {worker.pid for worker in one.alive} for one in seen().clusters}
    assert found == {7: {1, 2}, 8: {3}}


def test_worker_that_is_silent_for_three_heartbeats_counts_as_gone() -> None:
    rows.worker(seen=rows.ago(3 * conf.HEARTBEAT - 2))
    gone = rows.worker(seen=rows.ago(3 * conf.HEARTBEAT + 2), parent=8)
    health = seen()
    assert len(health.alive) == 1
    assert {one.parent: one.alive == () for one in health.clusters} == {7: False, 8: gone.pid == 1}


def test_claims_of_workers_that_are_there_are_added_up() -> None:
    rows.worker(rate=30.0, claims=100, hints=50)
    rows.worker(rate=12.0, claims=100, hints=350, parent=8)
    rows.worker(rate=99.0, seen=rows.ago(600))
    health = seen()
    assert (health.rate, health.hints_per_claim) == (42.0, 2.0)


def test_no_worker_is_critical_and_says_since_when() -> None:
    rows.worker(seen=rows.ago(240))
    (concern,) = seen().concerns
    assert (concern.code, concern.level) == ("no-worker", Level.CRITICAL)
    assert concern.text == "No worker has been seen for 4 min."
    assert "durable_worker" in concern.advice
    Worker.objects.all().delete()
    assert "No worker is there" in seen().concerns[0].text


def test_backlog_is_told_by_kind_and_function() -> None:
    rows.worker()
    for _ in range(3):
        rows.run(RunStatus.QUEUED, due_at=rows.ago(20))
    parked = rows.run(RunStatus.WAITING, pending=2)
    rows.step(parked, "a", StepStatus.PENDING, due_at=rows.ago(5))
    rows.step(parked, "b", StepStatus.PENDING, due_at=rows.ago(10), op="sleep")
    rows.event(route_at=rows.ago(1))
    rows.schedule(due_at=rows.ago(2))
    backlog = seen().backlog
    assert {queue.kind: queue.count for queue in backlog.queues} == {
        "runs": 3,
        "steps": 1,
        "timers": 1,
        "events": 1,
        "schedules": 1,
    }
    assert [(one.function, one.count) for one in backlog.functions] == [("shop", 5)]
    assert backlog.oldest is not None
    assert backlog.oldest.kind == "runs"
    assert 19 < backlog.oldest.oldest < 40


def test_work_that_rests_is_no_backlog() -> None:
    rows.worker()
    rows.run(RunStatus.QUEUED)
    rows.step(rows.run(RunStatus.WAITING, pending=1), "later", StepStatus.PENDING)
    rows.schedule()
    assert seen().backlog.queues == ()


def test_large_backlog_is_counted_no_further_than_it_matters() -> None:
    rows.worker()
    event = rows.event()
    first = rows.run(RunStatus.QUEUED, due_at=rows.ago(9), event=event)
    Run.objects.bulk_create(
        Run(
            function="shop",
            event=event,
            replay=number + 1,
            status=RunStatus.QUEUED,
            due_at=first.due_at,
            created=first.created,
        )
        for number in range(COUNTED)
    )
    (queue,) = seen().backlog.queues
    assert (queue.count, queue.is_more) == (COUNTED, True)
    assert any("1000+ runs to be driven" in text for _, text in facts(seen()))


def test_workers_that_do_not_keep_up_are_a_warning() -> None:
    rows.worker()
    rows.run(RunStatus.QUEUED, due_at=rows.ago(120))
    (concern,) = seen().concerns
    assert (concern.code, concern.level) == ("late", Level.WARNING)
    assert "for 2 min" in concern.text
    assert codes(seen(Limits(oldest=600))) == []


def test_work_that_no_worker_takes_is_critical() -> None:
    rows.worker(rate=0.0)
    rows.run(RunStatus.QUEUED, due_at=rows.ago(120))
    (concern,) = seen().concerns
    assert (concern.code, concern.level) == ("neglected", Level.CRITICAL)


def test_lease_that_passed_a_lease_ago_is_stuck() -> None:
    rows.worker()
    run = rows.run(RunStatus.RUNNING, due_at=rows.ago(conf.LEASE + 5), owner="gone:4:1")
    parked = rows.run(RunStatus.WAITING, pending=1)
    rows.step(parked, "charge", StepStatus.RUNNING, due_at=rows.ago(conf.LEASE + 9))
    rows.run(RunStatus.RUNNING, due_at=rows.ago(5))
    health = seen()
    found = [(one.run, one.function, one.step, one.owner) for one in health.stuck]
    assert found == [(parked.pk, "shop", "charge", "here:1:1"), (run.pk, "shop", "", "gone:4:1")]
    assert "2 leases have passed" in health.concerns[0].text
    assert health.concerns[0].level is Level.CRITICAL


def test_functions_that_are_not_here_are_named() -> None:
    rows.worker()
    rows.run(RunStatus.QUEUED, "ghost", due_at=rows.ago(1))
    (concern,) = seen().concerns
    assert concern.code == "unknown-functions"
    assert concern.text.endswith("not known here: ghost.")


def test_plain_qcluster_and_mixed_versions_are_warnings() -> None:
    rows.worker(is_supervised=False, version="1.0")
    rows.worker(parent=8, version="1.1")
    health = seen()
    assert codes(health) == ["unsupervised", "versions"]
    assert "durable (here, 7)" in health.concerns[0].text
    assert "1.0, 1.1" in health.concerns[1].text


def test_hints_that_find_nothing_are_a_warning_once_there_are_many() -> None:
    rows.worker(hints=999, claims=1)
    assert codes(seen()) == []
    rows.worker(hints=1, claims=1, parent=8)
    assert codes(seen()) == ["many-hints"]


def test_gravest_concern_comes_first() -> None:
    rows.worker(is_supervised=False)
    rows.run(RunStatus.RUNNING, due_at=rows.ago(conf.LEASE + 5))
    health = seen()
    assert codes(health) == ["stuck-leases", "unsupervised"]
    assert health.level is Level.CRITICAL


def test_broker_that_does_not_answer_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise ConnectionError("refused")

    rows.worker()
    monkeypatch.setattr(LOOK, "untaken", fail)
    health = seen()
    assert (codes(health), health.broker.untaken) == (["broker"], None)
    assert any("does not say what waits" in text for _, text in facts(health))


def test_messages_that_pile_up_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    rows.worker()
    monkeypatch.setattr(LOOK, "untaken", lambda: 1001)
    assert codes(seen()) == ["messages"]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (Condition(server="", is_replica=True), "replica"),
        (Condition(server="", has_safe_commits=False, commits="fsync = off"), "unsafe-commits"),
        (Condition(server="", oldest_transaction=31.0), "old-transaction"),
        (Condition(server="", sessions=90, most_sessions=100), "sessions"),
        (Condition(server="", ahead=-6.0), "clocks"),
        (Condition(server="", rows={"r": 9_000}, dead_rows={"r": 20_000}), "dead-rows"),
    ],
)
def test_state_of_the_database_is_judged(condition: Condition, code: str) -> None:
    rows.worker()
    found = list(concerns(replace(seen(), database=condition), Limits()))
    assert [one.code for one in found] == [code]
    assert found[0].advice


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Condition(server=""), "does not say whether commits outlast a crash"),
        (Condition(server="", has_safe_commits=False), "a crash may take the last commits"),
        (Condition(server="", has_safe_commits=True), "commits outlast a power cut"),
        (
            Condition(server="", has_safe_commits=True, is_lazy=True),
            "outlast a killed process; a power cut may take the last ones",
        ),
    ],
)
def test_it_is_said_what_commits_outlast(told: Condition, words: str) -> None:
    said = dict(facts(replace(seen(), database=told)))
    assert words in said["database"]


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("synchronous", "is_lazy"), [("NORMAL", True), ("FULL", False)])
def test_sqlite_in_wal_is_as_safe_as_it_is_told_to_be(synchronous: str, is_lazy: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
    said = look(get_store()).database
    assert (said.has_safe_commits, said.is_lazy) == (True, is_lazy)
    connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_are_reckoned_before_a_table_was_ever_analyzed() -> None:
    for _ in range(5):
        rows.run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
    assert (look(get_store()).database.rows or {})[Run._meta.db_table] >= 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_snapshot_that_another_session_holds_open_is_named_until_it_ends() -> None:
    def named() -> list[str]:
        health = look(get_store(), Limits(transaction=0.0))
        return [one.text for one in health.concerns if one.code == "old-transaction"]

    assert named() == []
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT 1")
            (text,) = named()
            assert text.startswith("A transaction has been open for")
            cursor.execute("ROLLBACK")
        assert named() == []
    finally:
        other.close()


def test_database_tells_of_itself() -> None:
    database = look(get_store()).database
    assert connection.display_name in database.server
    assert database.commits
    assert not database.is_replica
    if connection.vendor != "sqlite":
        assert database.most_sessions
        assert set(database.rows or ()) >= {Run._meta.db_table, Event._meta.db_table}
        assert abs(database.ahead or 9.0) < 5.0


def test_versions_of_functions_are_told_with_the_workers_that_have_them() -> None:
    rows.worker(pid=1, functions='{"shop": "0ld", "mail": "m1"}')
    rows.worker(pid=2, functions='{"shop": "n3w", "mail": "m1"}')
    rows.worker(pid=3, functions='{"shop": "gone"}', seen=rows.ago(600))
    health = seen()
    assert [(one.function, one.version, one.workers) for one in health.versions] == [
        ("mail", "m1", ("here 1", "here 2")),
        ("shop", "0ld", ("here 1",)),
        ("shop", "n3w", ("here 2",)),
    ]
    assert codes(health) == ["function-versions"]
    assert dict(facts(health))["functions"] == "shop 0ld on here 1; shop n3w on here 2"


def test_version_that_this_process_has_is_marked(fresh_registry: Registry) -> None:
    mine = fresh_registry.get("shop").version
    rows.worker(functions=f'{{"shop": "{mine}"}}')
    health = seen()
    assert [one.is_here for one in health.versions] == [True]
    assert dict(facts(health))["functions"] == "1, of one version"


def test_more_rows_cost_no_more_queries() -> None:
    rows.worker()
    for _ in range(5):
        run = rows.run(RunStatus.QUEUED, due_at=rows.ago(90))
        rows.step(run, "a", StepStatus.RUNNING, due_at=rows.ago(90))
        rows.event(route_at=rows.ago(1))
    with CaptureQueriesContext(connection) as caught:
        look(get_store())
    assert len(caught) <= 20


def test_ages_are_those_of_the_databases_clock(clock: ModuleType) -> None:
    rows.worker()
    clock.travel(timedelta(seconds=500))
    assert codes(seen()) == ["no-worker"]
