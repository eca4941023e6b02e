"""A browser for tests and pictures: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find() -> str | None:
    """Return where a browser is: `DURABLE_TEST_BROWSER`, or the first known one on the path."""
    named = os.environ.get("DURABLE_TEST_BROWSER")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


def why_not() -> str:
    """Return why there can be no browser, or nothing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if find() else f"no browser on the path: none of {', '.join(_NAMES)}"


@contextmanager
def launch() -> Iterator[Browser]:
    """Have a browser for a while."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
