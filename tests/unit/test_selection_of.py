"""What the address of the list of runs selects, for what is done to all of them."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from durable.admin.run_filters import selection_of


def test_an_address_selects_what_its_filters_say() -> None:
    selection = selection_of(RequestFactory().get("/", {"status__exact": "failed", "p": "2"}))
    assert selection is not None
    assert selection.to_json()["status"] == "failed"


@pytest.mark.parametrize(
    "filters",
    [
        {"status__exact": "broken"},
        {"period": "aeon"},
        {"kin": "cousin"},
        {"event__id__exact": "7"},
        {"parent__id__exact": "none"},
        {"colour": "red"},
    ],
)
def test_a_filter_that_is_not_understood_selects_nothing_rather_than_all(
    filters: dict[str, str],
) -> None:
    assert selection_of(RequestFactory().get("/", filters)) is None
