"""Takes pictures of the admin in four themes, light and dark, into docs/images.

python -m scripts.screenshots              all of them
python -m scripts.screenshots stock        of that theme only
python -m scripts.screenshots --to DIR     somewhere else
python -m scripts.screenshots --every --to DIR   every page, in a wide window and in a narrow one, and what axe says
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from scripts.bootstrap import ROOT
from scripts.browser import launch

Scheme = Literal["light", "dark"]

THEMES: dict[str, tuple[Scheme, ...]] = {
    "stock": ("light", "dark"),
    "unfold": ("light", "dark"),
    "jazzmin": ("light", "dark"),
    "admin-interface": ("light", "dark"),
}
PAGES = {
    "runs": "run/",
    "run": "run/{order}/change/",
    "sleeper": "run/{drip}/change/",
    "sure": "run/?status__exact=failed",
    "step": "step/{step}/change/",
    "functions": "functionconfig/",
    "function": "functionconfig/fulfil-order/change/",
    "events": "event/",
    "event": "event/{event}/change/",
    "health": "worker/",
    "charts": "runtally/",
}
SHOWN = {
    "stock": ("runs", "run", "functions", "function", "health", "charts")
}  # in the docs; of others, the first two
# Themes hide boxes and menus each in its own way.
_ASK = """
document.querySelectorAll("input[name=_selected_action]").forEach((box) => { box.checked = true; });
document.querySelector("select[name=action]").value = "replay_runs";
document.querySelector("#changelist-form").submit();
"""
PATIENCE = 30.0  # seconds until a server must answer
WIDE, NARROW, HEIGHT = 1300, 390, 1000


def main(arguments: Sequence[str]) -> int:
    """Take what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots")
    parser.add_argument("themes", nargs="*", choices=[*THEMES, []])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--every", action="store_true")
    given = parser.parse_args(arguments)
    given.to.mkdir(parents=True, exist_ok=True)
    for theme in given.themes or THEMES:
        shown = tuple(PAGES) if given.every else SHOWN.get(theme, ("runs", "run"))
        with _site(theme) as (url, ids), launch() as browser:
            for scheme in THEMES[theme]:
                for width in (WIDE, NARROW) if given.every else (WIDE,):
                    page = _open(browser, url, scheme, width)
                    name = f"{theme}-{scheme}" + ("-narrow" if width == NARROW else "")
                    for what in shown:
                        _take(page, url, what, ids, given.to / f"admin-{what}-{name}.png")
                        if given.every:
                            _look_for_obstacles(page)
                    page.context.close()
    return 0


@contextmanager
def _site(theme: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve a site with the theme and runs worth a picture; their ids by name."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "DJANGO_SETTINGS_MODULE": "scripts.screenshots.settings",
            "THEME": theme,
        }
        said = _python(environment, "-m", "scripts.screenshots.prepare").strip().splitlines()[-1]
        address = f"127.0.0.1:{port}"
        command = [sys.executable, "-m", "django", "runserver", "--noreload", address]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            _wait(port)
            yield f"http://{address}/admin/", json.loads(said)
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _python(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at port {port}")


def _open(browser: Any, url: str, scheme: Scheme, width: int) -> Any:
    """Return the page of somebody who has logged in."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    page = context.new_page()
    page.goto(f"{url}login/?next=/admin/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", "admin")
    page.locator("input[name=password]").press("Enter")
    page.wait_for_load_state("networkidle")
    return page


def _take(page: Any, url: str, what: str, ids: dict[str, str], file: Path) -> None:
    size = page.viewport_size
    page.goto(url + "durable/" + PAGES[what].format(**ids))
    if what == "sure":
        with page.expect_navigation():
            page.evaluate(_ASK)
    page.wait_for_load_state("load")
    page.wait_for_timeout(700)
    if what != "runs":  # not `full_page`: bars that stick to the window would be in the middle
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**size, "height": max(tall, HEIGHT)})
    page.screenshot(path=file)
    page.set_viewport_size(size)
    _shrink(file)
    wide = page.evaluate("document.documentElement.scrollWidth")
    print(f"{file.name}{f': {wide} pixels wide' if wide > size['width'] else ''}", flush=True)


def _look_for_obstacles(page: Any) -> None:
    """Say what axe takes for serious in the part of a page that is ours."""
    from axe_playwright_python.sync_playwright import Axe

    context = {"include": [["#content, #content-main, .content, main"]]}
    for one in Axe().run(page, context=context).response["violations"]:
        if one["impact"] in ("serious", "critical"):
            for node in one["nodes"]:
                print(f"  {one['id']}: {node['html'][:160]}", flush=True)


def _shrink(file: Path) -> None:
    """Make a picture small: few colours are enough for a page."""
    from PIL import Image

    with Image.open(file) as picture:
        small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
        small.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
