"""Approval: one verdict, whoever clicks, how often, and when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

import durable
from durable.models import Run, Wait
from durable.testing import Workflows
from tests.acceptance.clusters import eventually
from tests.scenarios.s08_approval import answer_view, approve_purchase
from tests.scenarios.stage import (
    data_of,
    lines,
    new_cluster,
    on_a_cluster,
    result_of,
    send,
)

web = RequestFactory()


@dataclass
class Office:
    """An approver, a manager, a stand-in, and somebody who may not decide."""

    folder: Path

    def __post_init__(self) -> None:
        permission = Permission.objects.get(codename="add_group")
        people = [User.objects.create_user(name) for name in ("ann", "max", "sue", "eve")]
        self.approver, self.manager, self.deputy, self.stranger = people
        for user in people[:3]:
            user.user_permissions.add(permission)

    def request(self, number: int = 1, **differing: Any) -> dict[str, Any]:
        people = {"approver": self.approver.pk, "manager": self.manager.pk}
        return {"request": f"request-{number}", "folder": str(self.folder), **people, **differing}

    @property
    def links(self) -> list[tuple[int, str]]:
        """Who was mailed which link."""
        split = [line.split() for line in lines(self.folder / "mails")]
        return [(int(user), link) for user, link in split]

    @property
    def asked(self) -> list[str]:
        return [User.objects.get(pk=user).username for user, _ in self.links]


@pytest.fixture
def office(db: None, tmp_path: Path) -> Office:
    return Office(tmp_path)


def click(link: str, verdict: str = "approved") -> HttpResponse:
    return answer_view(web.post("/", {"verdict": verdict}), link)


def decide(by: User, verdict: str, **more: Any) -> None:
    send("purchase/decided", {"request": "request-1", "by": by.pk, "verdict": verdict, **more})


def trail() -> list[tuple[str, list[str]]]:
    """Return what was recorded, and by whom."""
    groups = Group.objects.order_by("name")
    return [(one.name, [user.username for user in one.user_set.all()]) for one in groups]


def test_a_click_on_the_link_decides(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request())
    assert click(office.links[0][1]).status_code == 200
    workflows.settle()
    assert workflows.get(run).result == "approved"
    assert trail() == [("request-1 approved", ["ann"])]


def test_the_approver_is_reminded_then_the_manager_asked_then_it_expires(
    workflows: Workflows, office: Office
) -> None:
    run = workflows.run(approve_purchase, office.request(), through="9d")
    assert office.asked == ["ann", "ann", "max", "max"]
    assert run.result == "expired"
    assert trail() == [("request-1 expired", [])]


def test_the_manager_may_decide_when_it_has_come_to_that(
    workflows: Workflows, office: Office
) -> None:
    run = workflows.run(approve_purchase, office.request(), through="5d")
    click(office.links[-1][1], "rejected")
    workflows.settle()
    assert workflows.get(run).result == "rejected"
    assert trail() == [("request-1 rejected", ["max"])]


def test_who_is_delegated_to_is_asked_and_decides(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request())
    decide(office.approver, "delegated", to=office.deputy.pk)
    workflows.settle()
    assert office.asked == ["ann", "sue"]
    click(office.links[-1][1])
    workflows.settle()
    assert workflows.get(run).result == "approved"
    assert trail() == [("request-1 approved", ["sue"])]


def test_a_double_click_decides_once(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request())
    link = office.links[0][1]
    assert [click(link).status_code for _ in range(2)] == [200, 200]
    workflows.settle()
    assert click(link).status_code == 200
    workflows.settle(through="10d")
    assert workflows.get(run).result == "approved"
    workflows.assert_event_sent("purchase/decided", times=1)
    assert trail() == [("request-1 approved", ["ann"])]


def test_of_two_approvers_the_first_decides(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request())
    decide(office.manager, "rejected")
    decide(office.approver, "approved")
    workflows.settle()
    assert workflows.get(run).result == "rejected"
    assert trail() == [("request-1 rejected", ["max"])]


def test_who_may_not_decide_is_refused_at_the_door(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request(approver=office.stranger.pk))
    assert click(office.links[0][1]).status_code == 403
    workflows.assert_event_sent("purchase/decided", times=0)
    workflows.assert_waiting(run, "decision")


def test_a_verdict_of_who_lost_the_permission_meanwhile_is_not_counted(
    workflows: Workflows, office: Office
) -> None:
    run = workflows.run(approve_purchase, office.request())
    click(office.links[0][1])
    office.approver.user_permissions.clear()
    workflows.settle()
    workflows.assert_waiting(run, "decision:1")
    decide(office.manager, "rejected")
    workflows.settle()
    assert workflows.get(run).result == "rejected"


def test_a_scanner_that_gets_the_link_decides_nothing(workflows: Workflows, office: Office) -> None:
    run = workflows.run(approve_purchase, office.request())
    assert answer_view(web.get("/"), office.links[0][1]).status_code == 200
    assert answer_view(web.head("/"), office.links[0][1]).status_code == 200
    workflows.settle()
    workflows.assert_waiting(run, "decision")


def test_a_link_that_was_changed_is_refused(workflows: Workflows, office: Office) -> None:
    workflows.run(approve_purchase, office.request())
    assert click(f"{office.links[0][1]}x").status_code == 404


def test_an_answer_to_another_request_decides_nothing(workflows: Workflows, office: Office) -> None:
    runs = [workflows.run(approve_purchase, office.request(number)) for number in (1, 2)]
    click(office.links[1][1])
    workflows.settle()
    assert [workflows.get(run).status for run in runs] == ["waiting", "completed"]


@pytest.mark.parametrize(("first", "verdict"), [("event", "approved"), ("time", "expired")])
def test_of_a_verdict_and_the_end_of_the_time_that_which_is_seen_first_wins_for_ever(
    workflows: Workflows, office: Office, first: str, verdict: str
) -> None:
    run = workflows.run(approve_purchase, office.request(patience=["1h"]))
    workflows.settle(through="90m")
    workflows.settle(through="29m") if first == "event" else workflows.settle(through="31m")
    decide(office.approver, "approved")
    workflows.settle()
    workflows.settle(through="2h")
    assert workflows.get(run).result == verdict
    assert len(trail()) == 1


@on_a_cluster
def test_requests_that_are_answered_as_their_time_ends_have_one_verdict_each(
    office: Office,
) -> None:
    requests = [office.request(number, manager=0, patience=["2s"]) for number in range(30)]
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        durable.send([durable.Event(name="purchase/requested", data=one) for one in requests])
        eventually(lambda: len(office.links) >= 30, cluster.explain)
        until = time.monotonic() + 4.4  # about the end of the second wait
        for number, one in enumerate(requests):
            time.sleep(max(0.0, until - 0.8 + number * 0.05 - time.monotonic()))
            answer = {"request": one["request"], "by": office.approver.pk, "verdict": "approved"}
            send("purchase/decided", answer)
        eventually(
            lambda: Run.objects.filter(status="completed").count() == 30,
            cluster.explain,
            seconds=20,
        )
    results = {data_of(run)["request"]: run.result for run in Run.objects.all()}
    assert sorted(name for name, _ in trail()) == sorted(f"{a} {b}" for a, b in results.items())
    assert set(results.values()) <= {"approved", "expired"}


@on_a_cluster
def test_two_approvers_at_once_while_workers_are_killed_leave_one_record(office: Office) -> None:
    def decide_alone(by: User, verdict: str) -> None:
        decide(by, verdict)
        connection.close()

    with new_cluster() as cluster:
        cluster.wait_until_ready()
        send("purchase/requested", office.request())
        eventually(Wait.objects.filter(event="purchase/decided").exists, cluster.explain)
        threads = [
            threading.Thread(target=decide_alone, args=answer)
            for answer in ((office.approver, "approved"), (office.manager, "rejected"))
        ]
        for thread in threads:
            thread.start()
        cluster.kill(cluster.find("worker"))
        for thread in threads:
            thread.join()
        verdict = result_of("approve-purchase", cluster)
    people = {"approved": ["ann"], "rejected": ["max"]}
    assert trail() == [(f"request-1 {verdict}", people[verdict])]
