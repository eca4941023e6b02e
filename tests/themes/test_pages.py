"""Every page of ours in every theme that is installed: nothing stands in a reader's way, and it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scripts import browser
from scripts.screenshots.site import PAGES, SCHEMES, THEMES, Scheme, Site, is_installed, served

pytestmark = pytest.mark.sqlite

WIDTHS = (360, 768, 1280)
# What is around our pages is the theme's, and so is how it labels the search of a list.
OURS = ["#content"]
THEIRS = [["#searchbar"], [".breadcrumbs"]]


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the pages of a site, in a browser."""

    site: Site
    chromium: Any

    def pages(self, scheme: Scheme, width: int) -> Iterator[tuple[str, Any]]:
        """Go from page to page."""
        page = self.site.log_in(self.chromium, scheme, width)
        for what in PAGES:
            self.site.go(page, what)
            yield what, page
        page.context.close()


@pytest.fixture(scope="module", params=THEMES)
def looker(request: pytest.FixtureRequest) -> Iterator[Looker]:
    """Serve a site with the theme, and start a browser."""
    if reason := browser.why_not():
        pytest.skip(f"browser: {reason}")
    if not is_installed(request.param):
        pytest.skip(f"the theme {request.param} is not installed: pip install -e '.[themes]'")
    with served(request.param) as site, browser.launch() as chromium:
        yield Looker(site, chromium)


def obstacles(page: Any) -> list[tuple[str, str]]:
    """Return what axe takes for serious in what is ours of a page."""
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [OURS], "exclude": THEIRS}
    options = {"resultTypes": ["violations"]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [(one["id"], node["html"]) for one in serious for node in one["nodes"]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_has_a_serious_obstacle(looker: Looker, scheme: Scheme) -> None:
    assert {what: obstacles(page) for what, page in looker.pages(scheme, 1280)} == dict.fromkeys(
        PAGES, []
    )
