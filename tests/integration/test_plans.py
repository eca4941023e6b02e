"""How the databases find what pages list: by one index, in its order, however many rows there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet

from durable.ids import new_id
from durable.models import Event, Run
from durable.models.lists import having

pytestmark = pytest.mark.django_db
SORTED = ("temp b-tree", "sort", "filesort")
LISTS = {
    "newest": {"function": "shop"},
    "function": {"function": "shop", "status": "completed"},
    "status": {"status": "failed"},
    "tenant": {"tenant": "acme"},
    "subject": {"subject": "shop.order:7"},
}


def plan(rows: QuerySet[Any]) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    return rows.explain().lower()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_from_an_index_in_its_order(name: str) -> None:
    if connection.vendor == "mysql" and name != "function":
        pytest.skip("MariaDB chooses by what there is")
    is_in_order(having("default", **LISTS[name]), f"durable_run_{name}_idx")


def test_the_list_of_children_is_read_from_their_index_in_its_order() -> None:
    if connection.vendor == "mysql":
        pytest.skip("MariaDB has no partial indexes")
    is_in_order(Q(parent__isnull=False), "durable_run_child_idx")


def is_in_order(condition: Q, index: str) -> None:
    found = plan(Run.objects.filter(condition).order_by("-pk")[:50])
    assert index in found
    assert not [word for word in SORTED if word in found]


@pytest.mark.parametrize("model", [Event, Run])
def test_keys_are_found_by_their_index(model: Any) -> None:
    found = plan(model.objects.filter(dedupe_key__in=["a", "b"]))
    assert f"durable_{model._meta.model_name}_once_per_key" in found


def test_runs_of_an_event_are_found_by_the_constraint_that_begins_with_it() -> None:
    found = plan(Run.objects.filter(event=new_id()))
    name = "once_per_event" if connection.vendor != "sqlite" else "autoindex_durable_run_2 (event"
    assert name in found
