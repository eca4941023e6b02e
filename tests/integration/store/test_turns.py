"""One tenant's backlog does not keep another's runs waiting."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection

from durable.store import Store
from durable.worker.turns import Turns
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_a_tenants_runs_are_claimed_apart_from_the_others(store: Store) -> None:
    kit.queued(store, due_in=-20, tenant="large")
    wanted = kit.queued(store, due_in=-10, tenant="small").pk
    assert [run.id for run in store.runs.claim(kit.ME, 9, tenant="small")] == [wanted]


def test_tenants_differ_by_letter_case(store: Store) -> None:
    kit.queued(store, due_in=-20, tenant="Acme")
    assert store.runs.claim(kit.ME, tenant="acme") == []


def test_tenants_follow_each_other_and_end(store: Store) -> None:
    for tenant in ("b", "a", "", "b"):
        kit.queued(store, tenant=tenant)
    assert [store.runs.tenant_after(last) for last in ("", "a", "b")] == ["a", "b", ""]


def test_a_tenant_of_whom_nothing_is_left_has_no_turn(store: Store) -> None:
    kit.queued(store, tenant="a")
    (run,) = store.runs.claim(kit.ME)
    store.runs.finish(run, "completed", output="null")
    assert store.runs.tenant_after("") == ""


def test_every_second_claim_goes_round_the_tenants(store: Store) -> None:
    for age in range(60, 50, -1):
        kit.queued(store, due_in=-age, tenant="large")
    small = {kit.queued(store, due_in=-1, tenant=name).pk for name in ("another", "small")}
    turns = Turns()
    taken = [turns.claim(store, kit.ME)[0].id for _ in range(6)]
    assert small < set(taken)


def test_in_between_the_oldest_is_taken(store: Store) -> None:
    oldest = [kit.queued(store, due_in=-age, tenant="small").pk for age in (60, 50)]
    first = kit.queued(store, due_in=-1, tenant="large").pk
    turns = Turns()
    assert [turns.claim(store, kit.ME)[0].id for _ in range(3)] == [oldest[0], first, oldest[1]]


def test_who_never_saw_a_tenant_rarely_looks_for_one(store: Store) -> None:
    for _ in range(70):
        kit.queued(store)
    turns = Turns()
    asked: list[str] = []

    def listen(execute: Any, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(listen):
        for _ in range(70):
            turns.claim(store, kit.ME)
    assert sum(bool(re.search(r'tenant["`] >', sql)) for sql in asked) == 2


def test_a_tenant_is_noticed_with_the_first_of_its_runs(store: Store) -> None:
    for age in (60, 50):
        kit.queued(store, due_in=-age, tenant="large")
    small = kit.queued(store, due_in=-1, tenant="a").pk
    turns = Turns()
    assert [turns.claim(store, kit.ME)[0].id for _ in range(2)][1] == small


def test_what_has_no_tenant_is_claimed_too(store: Store) -> None:
    runs = {kit.queued(store).pk for _ in range(40)}
    turns = Turns()
    assert {turns.claim(store, kit.ME)[0].id for _ in runs} == runs


def test_nothing_is_claimed_for_a_tenant_whose_runs_are_not_due(store: Store) -> None:
    kit.queued(store, due_in=600, tenant="later")
    turns = Turns()
    assert [list(turns.claim(store, kit.ME)) for _ in range(4)] == [[], [], [], []]
