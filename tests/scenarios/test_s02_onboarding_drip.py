"""Scenario 2: letters come at nine, whatever happens to clocks, zones, copy and users meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import durable
from durable.authoring.registry import Registry, registry
from durable.models import Run
from durable.testing import Workflows, replay_test
from tests.acceptance.clusters import Cluster, eventually
from tests.acceptance.conftest import Journal
from tests.scenarios import s02_onboarding_drip
from tests.scenarios.s02_onboarding_drip import delete_account, onboard

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the day before clocks go forward in Berlin


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    """The clock of the whole process, stopped: it is moved by the test."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def go_to(workflows: Workflows, today: time_machine.Traveller) -> Callable[[str], None]:
    """Move the clock to a moment (UTC) and do what is due then."""

    def go(moment: str) -> None:
        today.move_to(datetime.fromisoformat(moment).replace(tzinfo=UTC))
        workflows.settle()

    return go


def sign_up(journal: Journal, zone: str = "Europe/Berlin", ts: int = 0) -> User:
    """Create a user whose letters go out at nine sharp, and start the letters."""
    user = User.objects.create_user("ada", last_name=zone, id=600)
    data = {"user": user.pk, "journal": journal.path}
    durable.send(durable.Event(name="site/user.signed-up", data=data, ts=ts))
    return user


def test_letters_come_at_nine_where_the_user_lives(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal, zone="America/New_York")
    go_to("2026-03-28 12:00")
    go_to("2026-03-29 12:59:59")
    assert journal.words() == ["welcome-0"]
    go_to("2026-03-29 13:00:01")
    assert journal.words() == ["welcome-0", "come-back-1"]


def test_nine_is_nine_also_when_clocks_were_changed_in_the_night(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    go_to("2026-03-29 06:59:59")
    assert journal.words() == ["welcome-0"]
    go_to("2026-03-29 07:00:01")
    assert journal.words() == ["welcome-0", "come-back-1"]


def test_user_who_moves_west_gets_the_letter_at_nine_there(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    User.objects.update(last_name="America/New_York")
    go_to("2026-03-29 07:00:01")
    assert journal.words() == ["welcome-0"]
    go_to("2026-03-29 13:00:01")
    assert journal.words() == ["welcome-0", "come-back-1"]


def test_letter_depends_on_what_the_user_did_meanwhile(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    User.objects.update(last_login=timezone.now())
    go_to("2026-03-29 07:00:01")
    assert journal.words() == ["welcome-0", "tips-1"]


def test_all_letters_come_in_two_months(journal: Journal, go_to: Callable[[str], None]) -> None:
    sign_up(journal)
    for moment in ("2026-03-28 12:00", "2026-03-29 08:00", "2026-03-31 08:00", "2026-05-27 08:00"):
        go_to(moment)
    assert journal.words() == ["welcome-0", "come-back-1", "come-back-3", "come-back-60"]
    assert Run.objects.get().status == "completed"


def test_letters_stop_when_the_user_unsubscribes(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    user = sign_up(journal)
    go_to("2026-03-28 12:00")
    durable.send(durable.Event(name="site/user.unsubscribed", data={"user": user.pk}))
    go_to("2026-06-01 12:00")
    assert (Run.objects.get().status, journal.words()) == ("cancelled", ["welcome-0"])


def test_letters_of_others_go_on_when_a_user_unsubscribes(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    user = sign_up(journal)
    durable.send(durable.Event(name="site/user.unsubscribed", data={"user": user.pk + 1}))
    go_to("2026-03-29 08:00")
    assert Run.objects.get().status == "waiting"


def test_deleting_a_user_ends_their_letters(journal: Journal, go_to: Callable[[str], None]) -> None:
    user = sign_up(journal)
    go_to("2026-03-28 12:00")
    delete_account(user)
    go_to("2026-06-01 12:00")
    assert (Run.objects.get().status, journal.words()) == ("cancelled", ["welcome-0"])


def test_deletion_that_is_rolled_back_leaves_the_letters_alone(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    user = sign_up(journal)
    go_to("2026-03-28 12:00")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        delete_account(user)
        raise ZeroDivisionError
    go_to("2026-03-29 08:00")
    assert journal.words() == ["welcome-0", "come-back-1"]


def test_copy_that_was_changed_meanwhile_is_what_is_sent(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    with patch.object(s02_onboarding_drip, "tip", lambda reader: "new-words"):
        go_to("2026-03-29 08:00")
    assert journal.words() == ["welcome-0", "new-words-1"]


def test_letter_that_is_new_reaches_runs_that_sleep_already(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    with patch.object(s02_onboarding_drip, "DAYS", (1, 2)):
        go_to("2026-03-29 08:00")
        go_to("2026-03-30 08:00")
    assert journal.words() == ["welcome-0", "come-back-1", "come-back-2"]
    assert Run.objects.get().result == ["welcome-0", "come-back-1", "come-back-2"]


def exported(run: Run) -> Any:
    """Return a run as `durable_show --format json` prints it."""
    output = StringIO()
    call_command("durable_show", str(run.pk), format="json", stdout=output)
    return json.loads(output.getvalue())


def test_sleeping_runs_show_before_the_deploy_that_a_sleep_was_renamed(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    sign_up(journal)
    go_to("2026-03-28 12:00")
    sleeper = exported(Run.objects.get())
    replay_test(sleeper)
    registry.restore(Registry())

    @durable.create_function(fn_id="onboard", trigger=onboard.triggers[0])
    def renamed(ctx: durable.ContextSync) -> None:
        ctx.step.run("mail-0", str)
        ctx.step.run("nine-1", str)
        ctx.step.sleep("another-name", "1d")

    with pytest.raises(AssertionError, match="another-name"):
        replay_test(sleeper, function=renamed)


def test_a_look_for_work_costs_the_same_however_many_sleep(
    journal: Journal, go_to: Callable[[str], None]
) -> None:
    user = sign_up(journal)
    go_to("2026-03-28 12:00")
    with CaptureQueriesContext(connection) as alone:
        go_to("2026-03-28 12:01")
    data = {"user": user.pk, "journal": journal.path}
    durable.send([durable.Event(name="site/user.signed-up", data=data)] * 30)
    go_to("2026-03-28 12:02")
    assert Run.objects.filter(status="waiting").count() == 31
    with CaptureQueriesContext(connection) as among_others:
        go_to("2026-03-28 12:03")
    assert len(among_others) == len(alone)


def test_letters_of_one_morning_are_spread_over_ten_minutes(
    db: None, today: time_machine.Traveller
) -> None:
    moments = set()
    for number in range(1000, 1010):
        User.objects.create(username=str(number), last_name="UTC", id=number)
        moments.add(s02_onboarding_drip.nine_ahead(number, NOON, 1))
    assert len(moments) == 10
    assert None not in moments


@pytest.mark.postgres
def test_sleepers_outlive_their_workers_and_end_with_their_user(
    cluster: Cluster, journal: Journal
) -> None:
    two_days_ago = int((timezone.now() - timedelta(days=2)).timestamp() * 1000)
    user = sign_up(journal, zone="UTC", ts=two_days_ago)
    steps = Run.objects.get().steps
    eventually(steps.filter(name="sleep-3").exists, cluster.explain)
    cluster.kill(cluster.find("worker"))
    delete_account(user)
    eventually(Run.objects.filter(status="cancelled").exists, cluster.explain)
    assert journal.words() == ["welcome-0", "come-back-1"]
