"""Every page of ours in every theme that is installed: nothing stands in a reader's way, and it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts import browser
from scripts.screenshots.site import (
    HEIGHT,
    PAGES,
    SCHEMES,
    THEMES,
    Scheme,
    Site,
    is_installed,
    served,
)

pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(600)]

WIDE = 1280
WIDTHS = (WIDE, 768, 360)
COLOURS = ["color-contrast", "link-in-text-block"]  # what else there is, the light page has as well
OURS = "#content, #content-main, .app-content, .durable-module"
# Django's and the themes' own: the way back, and the search, filters and actions of lists; links
# beside fields for times.
THEIRS = (
    *(".breadcrumbs", ".breadcrumb", "#toolbar", "#changelist-search", "#changelist-filter"),
    *("#changelist-form .actions", ".datetimeshortcuts"),
)
# White on green, of which the owner of a site may choose others.
BANDS = {"admin-interface": (".module > h2", ".fieldset-heading", ".submit-row", ".object-tools")}


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the pages of a site, in a browser."""

    site: Site
    chromium: Any
    theme: str

    def obstacles(self, page: Any, rules: list[str]) -> list[tuple[str, str]]:
        """Return what axe takes for serious in what is ours of a page, by some of its rules or by all."""
        from axe_playwright_python.sync_playwright import Axe

        theirs = (*THEIRS, *BANDS.get(self.theme, ()))
        context = {"include": [[OURS]], "exclude": [[one] for one in theirs]}
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        found = Axe().run(page, context=context, options=options).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        return [(one["id"], node["html"][:200]) for one in serious for node in one["nodes"]]


@pytest.fixture(scope="module", params=THEMES)
def looker(request: pytest.FixtureRequest) -> Iterator[Looker]:
    """Serve a site with the theme, and start a browser."""
    if reason := browser.why_not():
        pytest.skip(f"browser: {reason}")
    if not is_installed(request.param):
        pytest.skip(f"the theme {request.param} is not installed")
    with served(request.param) as site, browser.launch() as chromium:
        yield Looker(site, chromium, request.param)


@dataclass(slots=True)
class Findings:
    """What is wrong with the pages, by page."""

    wide: dict[str, list[int]] = field(default_factory=dict)  # windows that it does not fit in
    grave: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def look(looker: Looker, scheme: Scheme) -> Findings:
    """Go from page to page: each is loaded once, and looked at in windows of several widths."""
    found = Findings()
    page = looker.site.log_in(looker.chromium, scheme, WIDE)
    for what in PAGES:
        looker.site.go(page, what)
        rules = [] if scheme == "light" else COLOURS
        grave = looker.obstacles(page, rules)
        wide = [width for width in WIDTHS if not fits(page, width)]
        grave += [] if rules else looker.obstacles(page, rules)
        page.set_viewport_size({"width": WIDE, "height": HEIGHT})
        found.grave |= {what: grave} if grave else {}
        found.wide |= {what: wide} if wide else {}
    page.context.close()
    return found


def fits(page: Any, width: int) -> bool:
    """Make the window so wide, and say whether nothing of the page is beyond it."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_stands_in_the_way_of_a_reader_and_every_page_fits(
    looker: Looker, scheme: Scheme
) -> None:
    assert look(looker, scheme) == Findings()
