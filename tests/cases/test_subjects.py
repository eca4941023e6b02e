"""Subjects: what a run is about."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

import durable
from durable.errors import EventInvalidError
from durable.models import Event, Run
from tests.harness import Player


def test_an_object_is_stored_by_its_model_and_key(player: Player) -> None:
    group = Group.objects.create(name="staff")
    player.define(lambda ctx: ctx.event.subject)
    run = player.settle(player.send(subject=group))
    assert run.subject == run.result == f"auth.group:{group.pk}"
    assert list(Run.objects.filter(subject=f"auth.group:{group.pk}")) == [run]


def test_text_is_stored_as_it_is(player: Player) -> None:
    player.define(lambda ctx: None)
    assert player.send(subject="shop.order:a b:7").subject == "shop.order:a b:7"


def test_none_is_none(player: Player) -> None:
    player.define(lambda ctx: None)
    assert player.send(subject=None).subject == ""


@pytest.mark.parametrize(
    "subject",
    [7.5, "7", "order:7", "shop.order:", "shop.order:\0", "shop.order:" + "7" * 200, Group()],
)
def test_what_names_no_object_is_refused(subject: Any) -> None:
    with pytest.raises(EventInvalidError, match="subject") as refused:
        durable.send(durable.Event(name="a", subject=subject))
    assert refused.value.field == "subject"
    assert not Event.objects.exists()
