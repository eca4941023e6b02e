"""The description of the API is whole, sound and served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, get_resolver
from drf_spectacular.management.commands.spectacular import Command

from durable.rest import description, openapi, urls
from durable.rest.description import SETTINGS, URLCONF
from tests.rest.test_runs import Api

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def described() -> Any:
    return openapi.generated(URLCONF, SETTINGS)


def operations(described: Any) -> Iterator[tuple[str, Any]]:
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def test_it_is_made_without_a_warning_and_is_valid(tmp_path: Path) -> None:
    call_command(
        Command(),
        urlconf=URLCONF,
        custom_settings="durable.rest.description.SETTINGS",
        validate=True,
        fail_on_warn=True,
        file=str(tmp_path / "openapi.yaml"),
    )
    assert (tmp_path / "openapi.yaml").read_text().startswith("openapi: 3.1")


def test_every_address_is_described(described: Any) -> None:
    routes = [p for p in get_resolver(URLCONF).url_patterns if isinstance(p, URLPattern)]
    assert len(described["paths"]) == len({str(route.pattern) for route in routes})


def test_every_operation_has_a_name_a_summary_and_a_sentence(described: Any) -> None:
    found = list(operations(described))
    assert len({one["operationId"] for _, one in found}) == len(found)
    assert not [label for label, one in found if not one.get("summary")]
    assert not [label for label, one in found if not one.get("description")]


def test_every_answer_with_a_body_has_an_example(described: Any) -> None:
    without = [
        label
        for label, one in operations(described)
        if not any(
            "example" in str(answer.get("content", ""))
            for status, answer in one["responses"].items()
            if status.startswith("2")
        )
    ]
    assert without == ["GET /schema/", "DELETE /v1/runs/{id}"]


@pytest.mark.django_db
def test_it_is_served_with_the_address_it_is_mounted_at(api: Api) -> None:
    answer = api("schema.read").get("/durable/schema/")
    assert answer.status_code == 200
    assert answer.json()["servers"] == [{"url": "/durable"}]
    assert api("runs.read").get("/durable/schema/").status_code == 403


@pytest.mark.django_db
def test_without_drf_spectacular_there_is_none(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert urls.urlpatterns  # views are described as they are imported
    monkeypatch.setattr(openapi, "utils", None)
    description._described.cache_clear()
    assert api().get("/durable/schema/").status_code == 404
    assert openapi.described("Do it", gives={200: None})(str) is str
    assert openapi.of_schema({})(str) is str


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["runs/", "functions/", "keys/"])
def test_a_browser_is_shown_pages(api: Api, path: str) -> None:
    answer = api().get(f"/durable/{path}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_a_browser_is_shown_problems_too(api: Api) -> None:
    answer = api().get("/durable/runs/nonsense/", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert b"urn:durable:problem:not_found" in answer.content
