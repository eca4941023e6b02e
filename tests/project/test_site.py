from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from project import database


def test_index_says_what_to_type_and_links_to_the_admin(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "durable_send text/submitted" in page
    assert f'href="{reverse("admin:index")}"' in page


def test_admin_asks_strangers_to_log_in(client: Client) -> None:
    assert "/admin/login/" in client.get("/admin/")["Location"]


def test_database_url_names_a_server() -> None:
    entry = database.parse("postgresql://me:p%40ss@db.example:5433/shop?connect_timeout=2")
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["PASSWORD"]) == ("me", "p@ss")
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example", "5433", "shop")
    assert entry["OPTIONS"] == {"connect_timeout": "2"}


def test_database_url_names_a_socket() -> None:
    entry = database.parse("postgresql://postgres:@/postgres?host=/run/db")
    assert (entry["HOST"], entry["NAME"], entry["OPTIONS"]) == ("/run/db", "postgres", {})


@pytest.mark.parametrize(
    ("url", "file"), [("sqlite:///site.db", "site.db"), ("sqlite:////var/site.db", "/var/site.db")]
)
def test_database_url_names_a_file(url: str, file: str) -> None:
    assert database.parse(url)["NAME"] == file


def test_database_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with 'oracle'"):
        database.parse("oracle://db/shop")
