"""Takes pictures of the admin in four themes, light and dark, into docs/images.

python -m scripts.screenshots              all of them
python -m scripts.screenshots stock        of that theme only
python -m scripts.screenshots --to DIR     somewhere else
python -m scripts.screenshots --every --to DIR   every page, in a wide window and in a narrow one
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.bootstrap import ROOT
from scripts.browser import launch
from scripts.screenshots.site import HEIGHT, PAGES, SCHEMES, THEMES, Site, served

SHOWN = {
    "stock": ("runs", "run", "functions", "function", "health", "charts")
}  # in the docs; of others, the first two
WIDE, NARROW = 1300, 390


def main(arguments: Sequence[str]) -> int:
    """Take what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("themes", nargs="*", choices=[*THEMES, []])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--page", action="append", choices=PAGES, help="this one, and no other")
    given = parser.parse_args(arguments)
    given.to.mkdir(parents=True, exist_ok=True)
    for theme in given.themes or THEMES:
        every = tuple(PAGES) if given.every else SHOWN.get(theme, ("runs", "run"))
        with served(theme) as site, launch() as browser:
            for scheme in SCHEMES:
                for width in (WIDE, NARROW) if given.every else (WIDE,):
                    page = site.log_in(browser, scheme, width)
                    name = f"{theme}-{scheme}" + ("-narrow" if width == NARROW else "")
                    for what in given.page or every:
                        _take(page, site, what, given.to / f"admin-{what}-{name}.png")
                    page.context.close()
    return 0


def _take(page: Any, site: Site, what: str, file: Path) -> None:
    size = page.viewport_size
    site.go(page, what)
    page.wait_for_timeout(700)
    if what != "runs":  # not `full_page`: bars that stick to the window would be in the middle
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**size, "height": max(tall, HEIGHT)})
    page.screenshot(path=file)
    page.set_viewport_size(size)
    _shrink(file)
    print(file.name, flush=True)


def _shrink(file: Path) -> None:
    """Make a picture small: few colours are enough for a page."""
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
        small.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
