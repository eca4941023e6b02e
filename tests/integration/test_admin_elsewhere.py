"""The run browser at another address, on another AdminSite, beside another database, and on others' pages."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings
from django.urls import include, path

from durable import admin as durable_admin
from durable.admin.panel import RunsPanelMixin
from durable.models import Run, RunStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db


class OtherSite(admin.AdminSite):
    """An admin of the site's own."""

    site_header = "Back office"


class WatchedUserAdmin(RunsPanelMixin, UserAdmin):  # type: ignore[type-arg]  # it takes none at run time
    """Another app's admin, with the panel."""


def urls() -> ModuleType:
    site = OtherSite(name="backoffice")
    site.register(User, WatchedUserAdmin)
    durable_admin.register(site)
    module = ModuleType("urls")
    inner = ModuleType("inner")
    inner.urlpatterns = [path("office/", site.urls)]  # type: ignore[attr-defined]
    module.urlpatterns = [  # type: ignore[attr-defined]
        path("deep/er/", include(inner)),
        path("admin/", admin.site.urls),
    ]
    return module


def test_all_works_on_another_admin_site_at_another_address(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED)
    step = rows.step(run)
    base = f"/deep/er/office/durable/run/{run.pk}/"
    with override_settings(ROOT_URLCONF=urls()):
        shown = admin_client.get(f"{base}change/").content.decode()
        assert "Back office" in shown
        assert f'formaction="{base}act/retry/"' in shown
        assert f"{base}value/step/{step.pk}/" in shown
        assert '"/admin/' not in shown
        assert admin_client.get(f"{base}live/").status_code == 200
        done = admin_client.post(f"{base}act/retry/")
        assert done.headers["Location"] == f"{base}change/"
        listed = admin_client.get("/deep/er/office/durable/run/").content.decode()
        assert '"/admin/' not in listed
        form = {"action": "cancel_runs", "_selected_action": [str(run.pk)]}
        asked = admin_client.post("/deep/er/office/durable/run/", form).content.decode()
        assert "Yes, do it" in asked
        assert '"/admin/' not in asked


def test_the_panel_shows_runs_about_an_object_on_its_own_page(admin_client: Client) -> None:
    ada = User.objects.create_user("ada")
    mine = rows.run(RunStatus.FAILED, "mine", subject=f"auth.user:{ada.pk}")
    rows.run(RunStatus.FAILED, "theirs", subject=f"auth.user:{ada.pk}1")
    with override_settings(ROOT_URLCONF=urls()):
        shown = admin_client.get(f"/deep/er/office/auth/user/{ada.pk}/change/").content.decode()
        added = admin_client.get("/deep/er/office/auth/user/add/").content.decode()
    assert f'<a href="/deep/er/office/durable/run/{mine.pk}/change/">mine</a>' in shown
    assert "theirs" not in shown
    assert "durable-runs-for" not in added


def test_the_panel_is_for_who_may_view_runs() -> None:
    ada = User.objects.create_user("ada", is_staff=True)
    ada.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    rows.run(RunStatus.FAILED, "mine", subject=f"auth.user:{ada.pk}")
    browser = Client()
    browser.force_login(ada)
    with override_settings(ROOT_URLCONF=urls()):
        shown = browser.get(f"/deep/er/office/auth/user/{ada.pk}/change/")
    assert shown.status_code == 200
    assert "durable-runs-for" not in shown.content.decode()


def tag(user: Any, one: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user
    template = Template("{% load durable %}{% durable_runs_for one limit=1 %}")
    return template.render(Context({"request": request, "one": one}))


def test_the_tag_shows_the_newest_runs_about_an_object() -> None:
    ada = User.objects.create_superuser("ada")
    older, newer = (
        rows.run(RunStatus.FAILED, name, subject=f"auth.user:{ada.pk}") for name in ("old", "new")
    )
    shown = tag(ada, ada)
    assert f'<a href="/admin/durable/run/{newer.pk}/change/">new</a>' in shown
    assert "failed: TimeoutError" in shown
    assert str(older.pk) not in shown


def test_the_tag_shows_nothing_to_strangers_and_says_if_there_is_nothing() -> None:
    ada = User.objects.create_superuser("ada")
    assert "No run is about this." in tag(ada, ada)
    rows.run(subject=f"auth.user:{ada.pk}")
    assert tag(AnonymousUser(), ada).strip() == ""
    bare = Template("{% load durable %}{% durable_runs_for one %}").render(Context({"one": ada}))
    assert bare.strip() == ""


def test_the_tag_leads_nowhere_on_a_site_without_the_admin() -> None:
    ada = User.objects.create_superuser("ada")
    run = rows.run(RunStatus.FAILED, subject=f"auth.user:{ada.pk}")
    empty = ModuleType("urls")
    empty.urlpatterns = []  # type: ignore[attr-defined]
    with override_settings(ROOT_URLCONF=empty):
        shown = tag(ada, ada)
    assert run.function in shown
    assert "<a " not in shown


def test_pages_read_where_runs_are_written(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = rows.run()

    class Replica:
        """Sends reads elsewhere, where nothing is."""

        def db_for_read(self, model: Any, **hints: Any) -> str | None:
            return "gone" if model._meta.app_label == "durable" else None

        def db_for_write(self, model: Any, **hints: Any) -> str | None:
            return None

    with override_settings(DATABASE_ROUTERS=[Replica()]):
        page = admin_client.get(f"/admin/durable/run/{run.pk}/change/")
        assert page.status_code == 200
        assert admin_client.get("/admin/durable/run/").status_code == 200
        assert admin_client.post(f"/admin/durable/run/{run.pk}/act/replay/").status_code == 302
    assert Run.objects.filter(replay_of=run.pk).exists()
