"""Links lead somewhere, and names of commands are names of commands."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands

from scripts.bootstrap import ROOT
from tests.docs.pages import ALL, Page, pages

OTHERS = {"qcluster", "createsuperuser", "runserver", "shell", "startapp", "migrate", "check"}


@pytest.mark.parametrize("page", ALL, ids=str)
def test_links_resolve(page: Page) -> None:
    for link in page.links():
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = Page((page.path.parent / name).resolve()) if name else page
        assert target.path.exists(), f"{page} links to {link}"
        assert not anchor or anchor in target.anchors(), f"{page} links to {link}"


@pytest.mark.parametrize("page", ALL, ids=str)
def test_commands_exist(page: Page) -> None:
    named = set(re.findall(r"manage\.py (\w+)", page.text))
    assert named <= {*get_commands(), *OTHERS}


@pytest.mark.parametrize("page", ALL, ids=str)
def test_make_targets_exist(page: Page) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ )make (\w+)", page.text)) <= targets


def test_every_page_is_in_the_list_of_pages() -> None:
    index = Page(ROOT / "docs" / "README.md")
    listed = {(index.path.parent / link).resolve() for link in index.links()}
    left_out = {page.path for page in pages()} - listed - {index.path}
    assert left_out <= {ROOT / "docs/design/STATUS.md"}


@pytest.mark.parametrize("page", ALL, ids=str)
def test_nothing_is_left_to_be_filled_in(page: Page) -> None:
    assert not re.findall(r"TODO|TBD|XXX|@[A-Z]{3,}@", page.text)
