from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from durable.models import Run
from tests.integration import rows

pytestmark = pytest.mark.django_db


def viewer(*models: str) -> Client:
    """Return the browser of a member of staff who may view these."""
    user = User.objects.create_user("viewer", is_staff=True)
    names = [f"view_{model}" for model in models]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.mark.parametrize("model", ["run", "event", "step", "attempt", "schedule"])
def test_nobody_adds_changes_or_deletes(admin_client: Client, model: str) -> None:
    run = rows.run()
    rows.failed_try(run, rows.step(run))
    event, step, attempt = run.event_id, run.steps.get().pk, run.attempts.get().pk
    pks = {"run": run.pk, "event": event, "step": step, "attempt": attempt}
    pk = (pks | {"schedule": rows.schedule().pk})[model]
    base = f"/admin/durable/{model}"
    assert admin_client.get(f"{base}/add/").status_code == 403
    assert admin_client.post(f"{base}/{pk}/change/", {"status": "x"}).status_code == 403
    assert admin_client.post(f"{base}/{pk}/delete/", {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [pk]}
    admin_client.post(f"{base}/", form)
    assert Run.objects.filter(pk=run.pk).exists()
    assert run.steps.exists()
    assert run.attempts.exists()


def test_strangers_are_sent_to_log_in(client: Client) -> None:
    assert client.get(f"/admin/durable/run/{rows.run().pk}/change/").status_code == 302


def test_staff_without_the_permission_see_nothing() -> None:
    browser = viewer("event")
    run = rows.run()
    assert browser.get("/admin/durable/run/").status_code == 403
    assert browser.get(f"/admin/durable/run/{run.pk}/change/").status_code == 403
    assert (
        "durable-runs"
        not in browser.get(f"/admin/durable/event/{run.event_id}/change/").content.decode()
    )


def test_who_may_view_runs_only_sees_no_steps_and_no_tries() -> None:
    run = rows.run()
    rows.failed_try(run, rows.step(run))
    shown = viewer("run").get(f"/admin/durable/run/{run.pk}/change/").content.decode()
    assert "charge" not in shown
    assert "durable-tries" not in shown


def test_who_may_view_steps_and_tries_sees_them() -> None:
    run = rows.run()
    rows.failed_try(run, rows.step(run))
    browser = viewer("run", "step", "attempt")
    shown = browser.get(f"/admin/durable/run/{run.pk}/change/").content.decode()
    assert "charge" in shown
    assert "durable-tries" in shown


def test_run_that_does_not_exist_is_a_message_not_an_error(admin_client: Client) -> None:
    for asked in ("00000000-0000-7000-8000-000000000000", "no-id"):
        answer = admin_client.get(f"/admin/durable/run/{asked}/change/", follow=True)
        assert "exist" in answer.content.decode()
